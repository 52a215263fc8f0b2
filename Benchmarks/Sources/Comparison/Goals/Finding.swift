// What became of a goal. Pure.

package enum Verdict: String, Sendable, Equatable {
    case met
    case notMet = "not met"
    case reported
    case notMeasured = "not measured"
}

package struct Finding: Sendable {
    package var goal: Goal
    /// Ours, over the rounds.
    package var figure: Spread?
    /// Ours by the yardstick's, round by round. Nil also where it would say nothing.
    package var ratio: Spread?
    /// Who misses the bound, too, although it does nothing else, and its median: then the machine does not allow it to anybody. Nil when
    /// the yardstick was not run, or not without a fault.
    package var missedByYardstick: (yardstick: Yardstick, median: Double)?
    /// Medians of the other servers, by their titles, in their order.
    package var others: [(title: String, median: Double)]
    package var verdict: Verdict
    /// Failed runs and what the generator complained of, in words; a goal is not met while there is any.
    package var remarks: [String]

    package init(_ goal: Goal, in results: Results) {
        self.goal = goal
        figure = goal.metric.spread(goal.scenario, ServerCatalog.ours, in: results)
        ratio = goal.yardstick.flatMap {
            goal.metric.ratio(goal.scenario, ServerCatalog.ours, over: $0.rawValue, in: results)
        }
        missedByYardstick = Self.yardstickMiss(of: goal, in: results)
        others = results.servers.filter { $0.name != ServerCatalog.ours }.compactMap { server in
            goal.metric.spread(goal.scenario, server.name, in: results).map { (server.title, $0.median) }
        }
        remarks = Self.remarks(on: ServerCatalog.ours, under: goal.scenario, in: results)
        let value = goal.measure == .ratio ? ratio?.median : figure?.median
        verdict =
            switch (value, goal.bound) {
            case (nil, _): .notMeasured
            case (_, .reported): .reported
            // A shrunk scenario neither meets nor misses anything.
            case _ where results.isQuick: .reported
            case (let value?, let bound): bound.holds(value) && remarks.isEmpty ? .met : .notMet
            }
    }

    static func remarks(on server: String, under scenario: String, in results: Results) -> [String] {
        results.runs(of: scenario, by: server).flatMap { run in
            ([run.failure].compactMap { $0 } + (run.report?.faults ?? [])).map {
                "\(run.scenario), round \(run.round): \($0)"
            }
        }
    }

    /// Nil also where a run of the yardstick failed or lost anything: that says nothing of the machine. A goal that is a ratio to one
    /// yardstick is held against the other: what waits for the disk cannot be as cheap as what does not.
    private static func yardstickMiss(of goal: Goal, in results: Results) -> (yardstick: Yardstick, median: Double)? {
        guard let own = goal.yardstick else { return nil }
        let (yardstick, spread) =
            switch goal.measure {
            case .figure: (own, goal.metric.spread(goal.scenario, own.rawValue, in: results))
            case .ratio:
                (
                    Yardstick.durable,
                    goal.metric.ratio(goal.scenario, Yardstick.durable.rawValue, over: own.rawValue, in: results)
                )
            }
        guard let median = spread?.median, !goal.bound.holds(median),
            Set([own, yardstick]).allSatisfy({ remarks(on: $0.rawValue, under: goal.scenario, in: results).isEmpty })
        else { return nil }
        return (yardstick, median)
    }

    /// A goal that is missed stays missed, whoever else misses it; what is said beside it is nothing for a run that failed.
    package var isMissedByAll: Bool { verdict == .notMet && missedByYardstick != nil && remarks.isEmpty }

    /// `met`, `not met`, `not met, nor by bare durable: 1.90 ms`, `not measured: there are no tokens yet`.
    package var words: String {
        if verdict == .notMeasured, let missing = goal.missing { return "\(verdict.rawValue): \(missing)" }
        guard isMissedByAll, let (yardstick, median) = missedByYardstick, let own = goal.yardstick else {
            return verdict.rawValue
        }
        let figure =
            switch goal.measure {
            case .figure: Figure.text(median, goal.metric.unit)
            case .ratio: Figure.text(median, "× \(own.title)")
            }
        return "\(verdict.rawValue), nor by \(yardstick.title): \(figure)"
    }

    /// Share of the CPU time that the host took in our runs of the scenario, from 0 to 1: their median. Nil where no run tells.
    package func stolenShare(in results: Results) -> Double? {
        Spread(results.runs(of: goal.scenario, by: ServerCatalog.ours).compactMap(\.stolenShare))?.median
    }
}
