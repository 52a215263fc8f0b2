/// One figure that Millstream is to reach. A row of the issue may hold several.
package struct Goal: Sendable {
    /// As the issue calls it.
    package var row: String
    /// What is asked here, in words.
    package var what: String
    package var scenario: String
    package var metric: Metric
    package var bound: Bound
    /// What the bound is held against.
    package var measure: Measure
    /// Why nobody can measure it yet, in words; nil when it can be.
    package var missing: String?

    package enum Bound: Sendable, Equatable {
        case atMost(Double)
        case atLeast(Double)
        /// Nothing is asked: shown beside the others.
        case reported

        package func holds(_ value: Double) -> Bool {
            switch self {
            case .atMost(let limit): value <= limit
            case .atLeast(let limit): value >= limit
            case .reported: true
            }
        }
    }

    package enum Measure: Sendable, Equatable {
        case figure
        /// The figure divided by bare epoll's of the same round.
        case ratio
    }

    init(
        _ row: String, _ what: String, _ scenario: String, _ metric: Metric, _ bound: Bound,
        _ measure: Measure = .figure, missing: String? = nil
    ) {
        self.row = row
        self.what = what
        self.scenario = scenario
        self.metric = metric
        self.bound = bound
        self.measure = measure
        self.missing = missing
    }

    /// Whose figure of the same round it is divided by, and held beside.
    package var yardstick: Yardstick? {
        measure == .ratio ? .epoll : Yardstick(for: metric, under: scenario)
    }

    /// `≤ 1.05 × bare epoll`.
    package var text: String {
        let unit = measure == .ratio ? "× bare epoll" : metric.unit
        let tail = unit.isEmpty ? "" : " \(unit)"
        return switch bound {
        case .atMost(0): "0"
        case .atMost(let limit): "≤ \(Figure.plain(limit))\(tail)"
        case .atLeast(let limit): "≥ \(Figure.plain(limit))\(tail)"
        case .reported: "reported"
        }
    }
}
