import Load

// Where each figure stands in the generator's report, in the unit in which it is quoted. Pure.

package enum Metrics {
    package static let bytesPerStream = Metric(
        "memory per stream", unit: "bytes", report: { $0.open?.rssBytesPerStream })
    package static let opensPerS = Metric("opens", unit: "/s", better: .more, report: { $0.open?.opensPerS })
    package static let cpuPerDelivery = Metric("CPU per delivery", unit: "µs", phase: { $0.cpuUsPerDelivery })
    package static let deliveriesPerS = Metric(
        "deliveries", unit: "/s", better: .more, phase: { $0.deliveriesPerS })
    package static let p50 = Metric("median latency", unit: "ms", phase: { $0.latencyMs(\.p50) })
    package static let p99 = Metric("p99 latency", unit: "ms", phase: { $0.latencyMs(\.p99) })
    package static let slowest = Metric("largest latency", unit: "ms", phase: { $0.latencyMs(\.max) })
    /// Of the whole run, its warm-up included.
    package static let slowestFlush = ofTheMachine(
        Metric("slowest flush", unit: "ms", read: { run, _ in run.slowestFlushMs.map { [$0] } ?? [] }))
    /// Likewise; what the kernel keeps, a number and a sum, gives no percentile.
    package static let meanFlush = ofTheMachine(
        Metric("mean flush", unit: "ms", read: { run, _ in run.meanFlushMs.map { [$0] } ?? [] }))
    package static let growth = Metric(
        "growth", unit: "MB", phase: { $0.memory.map { Double($0.rssBytesGrowth) / 1e6 } })
    /// Of all phases, the warm-up included: with what any load makes a fresh server take.
    package static let wholeGrowth = Metric(
        "growth over all phases", unit: "MB", report: { $0.growthOverPhases.map { Double($0) / 1e6 } })
    /// The same less what the server took in the same round without the readers that never read: what those cost.
    package static let growthOfTheStalled = Metric("growth less the control's", unit: "MB") { run, results in
        let controls = results.runs(of: ScenarioNames.stalledControl, by: run.server)
        guard let control = controls.first(where: { $0.round == run.round })?.report?.growthOverPhases,
            let growth = run.report?.growthOverPhases
        else { return [] }
        return [Double(growth - control) / 1e6]
    }

    package static let loopCpuPerDelivery = Metric(
        "CPU of the loop thread per delivery", unit: "µs", phase: { $0.perDeliveryUs($0.loopCpuS) })
    package static let journalCpuPerDelivery = Metric(
        "CPU of the journal per delivery", unit: "µs", phase: { $0.perDeliveryUs($0.cpuOf(thread: "journal")) })
    /// Nil for a server whose loop has no thread of its own.
    package static let otherThreadsCpuPerDelivery = Metric(
        "CPU of all threads but the loop per delivery", unit: "µs", phase: { $0.perDeliveryUs($0.otherThreadsCpuS) })

    package static let committedPerS = Metric(
        "committed", unit: "events/s", better: .more, phase: { $0.commits?.eventsPerS })
    package static let createdPerS = Metric(
        "created", unit: "jobs/s", better: .more, phase: { $0.jobs?.createdPerS })
    package static let completedPerS = Metric(
        "completed", unit: "jobs/s", better: .more, phase: { $0.jobs?.completedPerS })
    package static let cpuPerJob = Metric("CPU per job", unit: "ms", phase: { $0.jobs?.cpuMsPerJob })
    package static let lostEvents = Metric(
        "lost events", phase: { $0.jobs.map { Double($0.lostEvents + $0.jobsWithLostEvents) } })
    package static let jobEventP50 = Metric(
        "median latency", unit: "ms", phase: { $0.jobs.map { $0.eventUs.p50 / 1000 } })
    package static let jobEventP99 = Metric("p99 latency", unit: "ms", phase: { $0.jobs.map { $0.eventUs.p99 / 1000 } })
    package static let bytesPerJobStream = Metric(
        "memory per stream", unit: "bytes", phase: { $0.jobs?.rssBytesPerStream })

    package static let replayedPerS = Metric(
        "replayed", unit: "events/s", better: .more, report: { storm($0)?.resume?.replayedPerS })
    package static let notCaughtUp = Metric(
        "readers that lost events", report: { storm($0)?.resume.map { Double($0.readers - $0.caughtUp) } })
    /// The live readers' p99 during the storm by theirs in the measured phase before it.
    package static let stormP99 = Metric(
        "p99 of live readers", unit: "×",
        report: { report in
            guard let storm = storm(report), let during = storm.group("live"),
                let before = report.phases.first(where: { $0.measured && $0.resume == nil && $0.latencyUs.count > 0 })?
                    .group("live"),
                before.latencyUs.p99 > 0
            else { return nil }
            return during.latencyUs.p99 / before.latencyUs.p99
        })

    package static let start = Metric("start", unit: "ms", read: { measurement, _ in measurement.startsMs ?? [] })

    /// Of the stripped build, once for a comparison: it hangs on the start times, of which there is one run. None when the build still
    /// needs Swift's shared libraries.
    package static let binarySize = Metric("size", unit: "MB") { run, results in
        guard run.round == 1, let binary = results.binary, binary.hasStaticSwiftRuntime else { return [] }
        return [Double(binary.strippedBytes) / 1e6]
    }

    /// Per cent of one core while nothing is sent but heartbeats.
    package static let idleCpu = Metric(
        "idle CPU", unit: "%",
        phase: { phase in phase.wallS > 0 ? phase.serverCpuS.map { $0 / phase.wallS * 100 } : nil })

    /// The same without the sends themselves, each taken as what bare epoll pays for a delivery in this comparison.
    package static let idleCpuBeyondHeartbeats = Metric("idle CPU", unit: "%") { measurement, results in
        guard let phase = measurement.report?.lastMeasured, let cpu = phase.serverCpuS, phase.wallS > 0,
            let send = cpuPerDelivery.spread(ScenarioNames.fanOut, Yardstick.epoll.rawValue, in: results)?.median
        else { return [] }
        return [max(0, cpu - Double(phase.counts.comments) * send / 1e6) / phase.wallS * 100]
    }

    private static func ofTheMachine(_ metric: Metric) -> Metric {
        var metric = metric
        metric.isOfTheMachine = true
        return metric
    }

    private static func storm(_ report: LoadReport) -> PhaseReport? { report.phases.first { $0.resume != nil } }
}
