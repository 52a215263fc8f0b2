import Load

/// One figure of a measurement, with its unit.
package struct Metric: Sendable {
    /// `CPU per delivery`.
    package var title: String
    /// `us`, `bytes`; empty for a plain number.
    package var unit: String
    package var better: Better
    /// Tells of the machine during the run and not of the server: divided by nobody's.
    package var isOfTheMachine = false
    /// The values of one measurement: none when it has no such figure, one as a rule, and one for each start where starts were counted.
    package var read: @Sendable (MeasuredRun, Results) -> [Double]

    /// Which of two figures is the better one.
    package enum Better: Sendable, Equatable { case less, more }

    init(
        _ title: String, unit: String = "", better: Better = .less,
        read: @escaping @Sendable (MeasuredRun, Results) -> [Double]
    ) {
        self.title = title
        self.unit = unit
        self.better = better
        self.read = read
    }

    /// Out of the generator's report.
    init(
        _ title: String, unit: String = "", better: Better = .less,
        report value: @escaping @Sendable (LoadReport) -> Double?
    ) {
        self.init(title, unit: unit, better: better) { measurement, _ in
            measurement.report.flatMap(value).map { [$0] } ?? []
        }
    }

    /// Out of the last phase that is measured.
    init(
        _ title: String, unit: String = "", better: Better = .less,
        phase value: @escaping @Sendable (PhaseReport) -> Double?
    ) {
        self.init(title, unit: unit, better: better, report: { $0.lastMeasured.flatMap(value) })
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

    /// What resident memory grew by from the first phase's start to the last one's end, the warm-up included, bytes.
    package var growthOverPhases: Int? {
        guard let first = phases.first?.memory, let last = phases.last?.memory else { return nil }
        return last.rssBytesAfter - first.rssBytesBefore
    }
}

extension PhaseReport {
    package func group(_ name: String) -> GroupReport? { groups.first { $0.name == name } }

    /// CPU of the thread that owns the sockets; of everything where the server has but one thread that is named.
    package var loopCpuS: Double? {
        guard let threads = serverCpuByThread else { return nil }
        return ownLoopCpuS(threads) ?? serverCpuS
    }

    /// CPU of everything else; nil where the loop has no thread of its own.
    package var otherThreadsCpuS: Double? {
        guard let all = serverCpuS, let loop = serverCpuByThread.flatMap(ownLoopCpuS) else { return nil }
        return max(0, all - loop)
    }

    private func ownLoopCpuS(_ threads: [String: Double]) -> Double? { threads["loop"] ?? threads["millstream"] }

    /// Nil when nothing was delivered.
    package func latencyMs(_ quantile: KeyPath<Quantiles, Double>) -> Double? {
        latencyUs.count > 0 ? latencyUs[keyPath: quantile] / 1000 : nil
    }

    package func perDeliveryUs(_ cpuS: Double?) -> Double? {
        counts.events > 0 ? cpuS.map { $0 * 1e6 / Double(counts.events) } : nil
    }

    package func cpuOf(thread name: String) -> Double? { serverCpuByThread?[name] }
}
