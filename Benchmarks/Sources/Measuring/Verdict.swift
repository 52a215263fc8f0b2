// Compares what was measured with the limits. A pure function: measurements and limits in, findings out.

/// What is to be said about a measurement.
public enum Finding: Hashable, Sendable, CustomStringConvertible {
    /// More than the limit allows: a failure.
    case exceeded(benchmark: String, count: String, measured: Double, limit: Double)
    /// So much less that the limit guards nothing any more: a failure for system calls, which are counted the same everywhere and could
    /// come back unseen. Allocations and bytes may be fewer with another version of a library.
    case loose(benchmark: String, count: String, measured: Double, limit: Double)
    /// No limit is committed: a failure.
    case unlimited(benchmark: String)
    /// A limit of something that is not measured: a failure, since it looks as if it guarded something.
    case unmeasured(benchmark: String)

    public var isFailure: Bool {
        switch self {
        case .exceeded, .unlimited, .unmeasured: true
        case .loose(_, let count, _, _): count.hasPrefix(Cost.callPrefix)
        }
    }

    public var description: String {
        switch self {
        case .exceeded(let benchmark, let count, let measured, let limit):
            "\(benchmark): \(count): \(measured.short) measured, at most \(limit.short) allowed"
        case .loose(let benchmark, let count, let measured, let limit):
            "\(benchmark): \(count): \(measured.short) measured, \(limit.short) allowed: tighten it with `micro update`"
        case .unlimited(let benchmark): "\(benchmark): no limits are committed: `micro update`"
        case .unmeasured(let benchmark): "\(benchmark): there are limits, but no such benchmark"
        }
    }
}

public enum Verdict {
    /// Below this share of its limit a count makes the limit loose.
    public static let looseShare = 0.8

    /// - Parameter isWhole: whether all benchmarks ran, so that limits without measurement are findings.
    public static func findings(of measurements: [MeasuredCost], limits: Limits, isWhole: Bool) -> [Finding] {
        var findings = measurements.flatMap { measurement in
            guard let limit = limits.costs[measurement.name] else {
                return [Finding.unlimited(benchmark: measurement.name)]
            }
            return compare(measurement.name, measurement.cost, limit)
        }
        if isWhole {
            let measured = Set(measurements.map(\.name))
            for name in limits.costs.keys.sorted() where !measured.contains(name) {
                findings.append(.unmeasured(benchmark: name))
            }
        }
        return findings
    }

    private static func compare(_ benchmark: String, _ cost: Cost, _ limit: Cost) -> [Finding] {
        var counts = cost.named.map(\.name)
        counts += limit.named.map(\.name).filter { !counts.contains($0) }
        return counts.compactMap { name in
            let measured = cost.count(name)
            let allowed = limit.count(name)
            if measured > allowed {
                return .exceeded(benchmark: benchmark, count: name, measured: measured, limit: allowed)
            }
            guard measured < allowed * looseShare else { return nil }
            return .loose(benchmark: benchmark, count: name, measured: measured, limit: allowed)
        }
    }
}
