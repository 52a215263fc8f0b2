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
    /// The yardstick's median, where it misses the bound, too: then the machine does not allow it to anybody. Nil for a goal that is
    /// itself a ratio, and when the yardstick was not run, or not without a fault.
    package var missedByYardstick: Double?
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
        missedByYardstick = goal.measure == .figure ? Self.yardstickMiss(of: goal, in: results) : nil
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

    private static func remarks(on server: String, under scenario: String, in results: Results) -> [String] {
        results.runs(of: scenario, by: server).flatMap { run in
            ([run.failure].compactMap { $0 } + (run.report?.faults ?? [])).map {
                "\(run.scenario), round \(run.round): \($0)"
            }
        }
    }

    /// The yardstick's median when it misses the bound; nil where a run of it failed or lost anything: that says nothing of the machine.
    private static func yardstickMiss(of goal: Goal, in results: Results) -> Double? {
        guard let yardstick = goal.yardstick?.rawValue,
            let median = goal.metric.spread(goal.scenario, yardstick, in: results)?.median, !goal.bound.holds(median),
            remarks(on: yardstick, under: goal.scenario, in: results).isEmpty
        else { return nil }
        return median
    }

    /// A goal that is missed stays missed, whoever else misses it; what is said beside it is nothing for a run that failed.
    package var isMissedByAll: Bool { verdict == .notMet && missedByYardstick != nil && remarks.isEmpty }

    /// `met`, `not met`, `not met, nor by bare durable: 1.90 ms`.
    package var words: String {
        guard isMissedByAll, let figure = missedByYardstick, let yardstick = goal.yardstick else {
            return verdict.rawValue
        }
        return "\(verdict.rawValue), nor by \(yardstick.title): \(Figure.text(figure, goal.metric.unit))"
    }

    /// Share of the CPU time that the host took in our runs of the scenario, from 0 to 1: their median. Nil where no run tells.
    package func stolenShare(in results: Results) -> Double? {
        Spread(results.runs(of: goal.scenario, by: ServerCatalog.ours).compactMap(\.stolenShare))?.median
    }
}
