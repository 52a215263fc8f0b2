import Load

/// One figure of a measurement, with its unit.
package struct Metric: Sendable {
    /// `CPU per delivery`.
    package var title: String
    /// `us`, `bytes`; empty for a plain number.
    package var unit: String
    /// Tells of the machine during the run and not of the server: divided by nobody's.
    package var isOfTheMachine = false
    /// The values of one measurement: none when it has no such figure, one as a rule, and one for each start where starts were counted.
    package var read: @Sendable (MeasuredRun, Results) -> [Double]

    init(_ title: String, unit: String = "", read: @escaping @Sendable (MeasuredRun, Results) -> [Double]) {
        self.title = title
        self.unit = unit
        self.read = read
    }

    /// Out of the generator's report.
    init(_ title: String, unit: String = "", report value: @escaping @Sendable (LoadReport) -> Double?) {
        self.init(title, unit: unit) { measurement, _ in measurement.report.flatMap(value).map { [$0] } ?? [] }
    }

    /// Out of the last phase that is measured.
    init(_ title: String, unit: String = "", phase value: @escaping @Sendable (PhaseReport) -> Double?) {
        self.init(title, unit: unit, report: { $0.lastMeasured.flatMap(value) })
    }

    /// Of all rounds of one server under one scenario.
    package func spread(_ scenario: String, _ server: String, in results: Results) -> Spread? {
        Spread(results.runs(of: scenario, by: server).flatMap { read($0, results) })
    }

    /// Each round's figure divided by the other server's in the same round, which ran a moment before or after it.
    package func ratio(
        _ scenario: String, _ server: String, over other: String, in results: Results
    ) -> Spread? {
        let others = results.runs(of: scenario, by: other)
        return Spread(
            results.runs(of: scenario, by: server).compactMap { run in
                guard let partner = others.first(where: { $0.round == run.round }),
                    let above = read(run, results).first, let below = read(partner, results).first, below > 0
                else { return nil }
                return above / below
            })
    }
}

extension LoadReport {
    package var lastMeasured: PhaseReport? { phases.last { $0.measured } }
}

extension PhaseReport {
    package func group(_ name: String) -> GroupReport? { groups.first { $0.name == name } }

    /// CPU of the thread that owns the sockets; of everything where the server has but one thread that is named.
    package var loopCpuS: Double? {
        guard let threads = serverCpuByThread else { return nil }
        for name in ["loop", "millstream"] {
            if let seconds = threads[name] { return seconds }
        }
        return serverCpuS
    }

    /// Nil when nothing was delivered.
    package func latencyMs(_ quantile: KeyPath<Quantiles, Double>) -> Double? {
        latencyUs.count > 0 ? latencyUs[keyPath: quantile] / 1000 : nil
    }

    package func perDeliveryUs(_ cpuS: Double?) -> Double? {
        counts.events > 0 ? cpuS.map { $0 * 1e6 / Double(counts.events) } : nil
    }

    package func cpuOf(thread name: String) -> Double? { serverCpuByThread?[name] }
}
