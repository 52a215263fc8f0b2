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
    /// Ours by bare epoll's, round by round. Nil also where it would say nothing: bare epoll keeps nothing in memory.
    package var ratio: Spread?
    /// Medians of the other servers, by their titles, in their order.
    package var others: [(title: String, median: Double)]
    package var verdict: Verdict
    /// Failed runs and what the generator complained of, in words; a goal is not met while there is any.
    package var remarks: [String]

    package init(_ goal: Goal, in results: Results) {
        self.goal = goal
        figure = goal.metric.spread(goal.scenario, ServerCatalog.ours, in: results)
        ratio =
            goal.measure == .ratio || ["µs", "/s"].contains(goal.metric.unit)
            ? goal.metric.ratio(goal.scenario, ServerCatalog.ours, over: ServerCatalog.yardstick, in: results) : nil
        others = results.servers.filter { $0.name != ServerCatalog.ours }.compactMap { server in
            goal.metric.spread(goal.scenario, server.name, in: results).map { (server.title, $0.median) }
        }
        let runs = results.runs(of: goal.scenario, by: ServerCatalog.ours)
        remarks = runs.flatMap { run in
            ([run.failure].compactMap { $0 } + (run.report?.faults ?? [])).map {
                "\(run.scenario), round \(run.round): \($0)"
            }
        }
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
}
