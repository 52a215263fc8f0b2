/// Looks at everything once a second, for the curves and for who watches. Engine's thread only.
final class Sampler {
    private static let periodNs: UInt64 = 1_000_000_000
    private let engine: LoadEngine
    private let probe: ServerProbe
    private let progress: (Sample) -> Void
    private let start: UInt64
    private let watch: LoadRun.Watch
    private var lastAt: UInt64
    private(set) var nextDue: UInt64
    private(set) var samples: [Sample] = []
    var phase = ""
    private var events: [UInt16: Int] = [:]
    private var faults = 0
    private var jobs = 0
    private var serverCpuS: Double
    private var ownCpuS: Double

    init(
        engine: LoadEngine, probe: ServerProbe, watch: LoadRun.Watch, start: UInt64,
        progress: @escaping (Sample) -> Void
    ) {
        self.watch = watch
        self.engine = engine
        self.probe = probe
        self.progress = progress
        self.start = start
        lastAt = start
        nextDue = start + Self.periodNs
        serverCpuS = probe.roughCpuS()
        ownCpuS = OwnProcess.cpuS()
    }

    func turn(now: UInt64, _ activities: [any RunningActivity]) {
        guard now >= nextDue else { return }
        sample(now, activities)
        nextDue += Self.periodNs
        // After a stall the seconds that are over are not sampled one by one.
        if nextDue <= now { nextDue = now + Self.periodNs }
    }

    func finish(now: UInt64) {
        if now > lastAt + Self.periodNs / 10 { sample(now, []) }
    }

    private func sample(_ now: UInt64, _ activities: [any RunningActivity]) {
        let seconds = Double(now - lastAt) / 1e9
        lastAt = now
        var latency = LatencyHistogram.make()
        var gained = 0
        var faultsNow = activities.map(\.openErrors).reduce(0, +)
        for group in engine.groups {
            let tally = group.tally
            // A group that is new in an old one's place begins at 0 again.
            let before = min(events[group.number, default: 0], tally.pointee.events)
            events[group.number] = tally.pointee.events
            if group.counts {
                gained += tally.pointee.events - before
                latency.add(tally.pointee.latency)
                faultsNow += tally.pointee.gaps + tally.pointee.duplicates + tally.pointee.disconnects
            }
            group.mergeSecond()
        }
        let jobsNow = activities.map(\.jobsEnded).reduce(0, +)
        let server = probe.roughCpuS()
        let own = OwnProcess.cpuS()
        let quantiles = latency.quantilesUs
        let memory = probe.isEmpty || !watch.pss ? nil : probe.memory()
        let sample = Sample(
            atS: Double(now - start) / 1e9, phase: phase, streams: engine.live, eventsPerS: Double(gained) / seconds,
            p50Us: quantiles.p50, p99Us: quantiles.p99, maxUs: quantiles.max,
            jobsPerS: Double(max(0, jobsNow - jobs)) / seconds, faults: max(0, faultsNow - faults),
            rssBytes: probe.isEmpty ? nil : memory?.rss ?? probe.roughRssBytes(), pssBytes: memory?.pss,
            descriptors: probe.isEmpty ? nil : probe.descriptors(), threads: probe.isEmpty ? nil : probe.threads(),
            fileBytes: watch.files.isEmpty ? nil : fileBytes(),
            serverCpu: probe.isEmpty ? nil : (server - serverCpuS) / seconds, generatorCpu: (own - ownCpuS) / seconds)
        faults = faultsNow
        jobs = jobsNow
        serverCpuS = server
        ownCpuS = own
        samples.append(sample)
        progress(sample)
    }

    private func fileBytes() -> [String: Int] {
        var sizes: [String: Int] = [:]
        for path in watch.files {
            sizes[path.split(separator: "/").last.map(String.init) ?? path] = ProcFile.size(path)
        }
        return sizes
    }
}
