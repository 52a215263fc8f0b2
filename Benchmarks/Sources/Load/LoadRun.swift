import CLoad
import Glibc

/// One run of a scenario against one server: opens the readers, runs the phases, samples once a second. Takes the calling thread for
/// as long as it goes on; everything happens on it.
public final class LoadRun {
    public struct Options: Sendable {
        /// Name of the server for the report.
        public var server: String
        /// Server's processes to sample; their descendants are found.
        public var pids: [Int32]
        public var command: [String]
        /// Core to stay on; nil: any.
        public var cpu: Int?
        public var watch: Watch
        /// Asked in each turn of the loop, on the running thread: once true, the run ends with a report of what it has.
        public var isInterrupted: @Sendable () -> Bool

        public init(
            server: String, pids: [Int32] = [], command: [String] = [], cpu: Int? = nil, watch: Watch = Watch(),
            isInterrupted: @escaping @Sendable () -> Bool = { false }
        ) {
            self.watch = watch
            self.isInterrupted = isInterrupted
            self.server = server
            self.pids = pids
            self.command = command
            self.cpu = cpu
        }
    }

    /// What is sampled beyond that which costs the server nothing.
    public struct Watch: Sendable {
        /// `smaps_rollup` once a second: walks the page tables of the server, which a measurement of CPU does not want.
        public var pss: Bool
        /// Files of the server whose sizes are sampled.
        public var files: [String]

        public init(pss: Bool = false, files: [String] = []) {
            self.pss = pss
            self.files = files
        }
    }

    /// After a phase its streams are read on for so long: what comes too much shall be seen.
    private static let drainNs: UInt64 = 200_000_000
    private static let descriptorsBeside = 64

    private let scenario: Scenario
    private let target: ServerTarget
    private let options: Options
    private let engine: LoadEngine
    private let context: RunContext
    private let probe: ServerProbe
    private let sampler: Sampler
    private var slow: SlowReading
    private var activities: [any RunningActivity] = []
    private let start: UInt64
    private var faults: [String] = []

    /// - Parameter progress: called once a second on the running thread.
    public init(
        _ scenario: Scenario, target: ServerTarget, options: Options, progress: @escaping (Sample) -> Void = { _ in }
    ) throws(LoadError) {
        let lacking = scenario.needs.subtracting(target.dialect.capabilities)
        guard lacking.isEmpty else {
            throw .cannot(target.dialect, lacking.sorted { $0.rawValue < $1.rawValue })
        }
        let needed = scenario.streamsAtOnce + scenario.connectionsAtOnce + Self.descriptorsBeside
        let limit = OwnProcess.raiseDescriptorLimit()
        guard needed <= limit else { throw .tooFewDescriptors(needed: needed, limit: limit) }
        if let cpu = options.cpu, cload_pin(Int32(clamping: cpu)) < 0 { throw .system("sched_setaffinity", errno) }
        try Self.requireServer(target)
        self.scenario = scenario
        self.target = target
        self.options = options
        probe = try ServerProbe(pids: options.pids)
        start = cload_now_ns()
        engine = try LoadEngine(
            target: target, channel: "load-" + String(start / 1000, radix: 36), sources: scenario.sources,
            capacity: scenario.streamsAtOnce)
        context = RunContext(scenario: scenario, engine: engine, probe: probe)
        sampler = Sampler(
            engine: engine, probe: probe, watch: options.watch, start: start, progress: progress)
        slow = SlowReading(engine: engine, groups: context.readers, start: start)
    }

    /// Nobody there is said in words before anything is set up.
    private static func requireServer(_ target: ServerTarget) throws(LoadError) {
        let fd = cload_socket()
        guard fd >= 0 else { throw .system("socket", errno) }
        defer { close(fd) }
        guard cload_connect(fd, target.ip, target.port) < 0 else { return }
        var error = errno
        if error == EINPROGRESS {
            var descriptor = pollfd(fd: fd, events: Int16(POLLOUT), revents: 0)
            error = poll(&descriptor, 1, 5000) > 0 ? cload_socket_error(fd) : ETIMEDOUT
        }
        if error != 0 { throw .noServer("\(target.host):\(target.port)", error) }
    }

    public func run() throws(LoadError) -> LoadReport {
        let startedAt = WallClock.text()
        let open = openReaders()
        var phases: [PhaseReport] = []
        for phase in scenario.phases {
            if isOver { faults.append("\(phase.name): not run") } else { phases.append(try run(phase)) }
        }
        sampler.finish(now: cload_now_ns())
        return LoadReport(
            scenario: scenario.name, title: scenario.title, goal: scenario.goal, server: options.server,
            dialect: target.dialect.rawValue, machine: .current(), command: options.command, startedAt: startedAt,
            open: open, phases: phases, samples: sampler.samples, wallS: Double(cload_now_ns() - start) / 1e9,
            generatorCpuS: OwnProcess.cpuS(), faults: faults)
    }

    // MARK: Opening

    private func openReaders() -> OpenReport? {
        guard !context.readers.isEmpty else { return nil }
        sampler.phase = "open"
        let memory = memoryBefore()
        let cpu = probe.cpuByThread().values.reduce(0, +)
        let own = OwnProcess.cpuS()
        let began = cload_now_ns()
        let opening = Opening(context)
        let wave = opening.wave
        loop(
            until: { wave.isDone }, deadline: began + UInt64(scenario.openTimeoutS * 1e9), each: { wave.pump() })
        let ownS = OwnProcess.cpuS() - own
        let cpuS = probe.isEmpty ? nil : probe.cpuByThread().values.reduce(0, +) - cpu
        settle()
        let end = max(wave.lastOpenAt, began)
        let wallS = Double(end - began) / 1e9
        let change = probe.isEmpty ? nil : memoryAfter(memory)
        if isOver {
            faults.append("open: interrupted")
        } else if wave.opened < wave.wanted {
            let why = wave.lastStatus > 0 ? "status \(wave.lastStatus)" : LoadError.text(wave.lastError)
            faults.append("open: \(wave.wanted - wave.opened) of \(wave.wanted) streams could not be opened (\(why))")
        }
        return OpenReport(
            wanted: wave.wanted, opened: wave.opened, errors: wave.errors, non200: wave.non200,
            lastStatus: wave.lastStatus, lastError: LoadError.text(wave.lastError), wallS: wallS,
            opensPerS: wallS > 0 ? Double(wave.opened) / wallS : 0, latencyUs: wave.latency.quantilesUs,
            serverCpuS: cpuS,
            serverCpuUsPerOpen: cpuS.flatMap { wave.opened > 0 ? $0 / Double(wave.opened) * 1e6 : nil },
            memory: change,
            rssBytesPerStream: change.flatMap { change in
                wave.opened > 0 ? Double(change.rssBytesGrowth) / Double(wave.opened) : nil
            }, generatorCpuS: ownS)
    }

    private func settle() {
        readOn(until: cload_now_ns() + UInt64(scenario.settleS * 1e9))
    }

    private func memoryBefore() -> MemoryChange {
        MemoryChange(
            rssBytesBefore: probe.rssBytes(), rssBytesAfter: 0, descriptorsBefore: probe.descriptors(),
            descriptorsAfter: 0)
    }

    private func memoryAfter(_ before: MemoryChange) -> MemoryChange {
        var change = before
        change.rssBytesAfter = probe.rssBytes()
        change.descriptorsAfter = probe.descriptors()
        return change
    }

    // MARK: Phases

    private func run(_ phase: Phase) throws(LoadError) -> PhaseReport {
        sampler.phase = phase.name
        let readers = engine.groups.count
        for group in engine.groups { group.beginPhase() }
        let memory = memoryBefore()
        let cpu = probe.cpuByThread()
        let own = OwnProcess.cpuS()
        let began = cload_now_ns()
        activities = []
        for description in phase.activities {
            let activity = try context.makeActivity(description)
            activities.append(activity)
            try activity.begin(now: cload_now_ns())
        }
        let running = activities
        let ending = loop(
            until: { running.allSatisfy(\.isDone) }, deadline: began + UInt64(phase.timeoutS * 1e9),
            each: {
                let now = cload_now_ns()
                for activity in running { activity.turn(now: now) }
            })
        let ended = cload_now_ns()
        let cpuAfter = probe.cpuByThread()
        let ownS = OwnProcess.cpuS() - own
        for activity in running { activity.end(now: ended) }
        readOn(until: ended + Self.drainNs)
        for group in engine.groups { group.mergeSecond() }
        let byThread = probe.isEmpty ? nil : Self.difference(cpuAfter, cpu)
        let window = PhaseWindow(
            start: began, end: ended, serverCpuS: byThread?.values.reduce(0, +), generatorCpuS: ownS)
        var report = report(phase, window, timedOut: ending == .deadline, byThread: byThread)
        report.memory = probe.isEmpty ? nil : memoryAfter(memory)
        for activity in running { activity.report(into: &report, window) }
        activities = []
        engine.removeGroups(from: readers)
        engine.removeLanes()
        faults += report.faults(isInterrupted: ending == .interrupted)
        return report
    }

    private func report(
        _ phase: Phase, _ window: PhaseWindow, timedOut: Bool, byThread: [String: Double]?
    ) -> PhaseReport {
        let counting = engine.groups.filter(\.counts)
        let counts = counting.reduce(StreamCounts.zero) { $0.plus($1.phaseCounts) }
        var latency = LatencyHistogram.make()
        for group in counting { latency.add(group.latency) }
        let last = counting.map(\.tally.pointee.lastEventAt).max() ?? 0
        let wallS = Double((last > window.start ? last : window.end) - window.start) / 1e9
        let events = Double(counts.events)
        return PhaseReport(
            name: phase.name, measured: phase.measured, timedOut: timedOut, wallS: wallS, counts: counts,
            eventsPerRead: counts.reads > 0 ? events / Double(counts.reads) : 0,
            deliveriesPerS: wallS > 0 ? events / wallS : 0, latencyUs: latency.quantilesUs,
            groups: engine.groups.map { group in
                GroupReport(
                    name: group.name, streams: group.slots.count, reading: group.reading, counts: group.phaseCounts,
                    latencyUs: group.latency.quantilesUs)
            }, serverCpuS: window.serverCpuS, serverCpuByThread: byThread,
            cpuUsPerDelivery: window.serverCpuS.flatMap { events > 0 ? $0 / events * 1e6 : nil },
            generatorCpuS: window.generatorCpuS)
    }

    private static func difference(_ after: [String: Double], _ before: [String: Double]) -> [String: Double] {
        var difference: [String: Double] = [:]
        for (name, seconds) in after {
            let spent = seconds - before[name, default: 0]
            if spent > 0 { difference[name] = spent }
        }
        return difference
    }

    // MARK: The loop

    /// Somebody asked the run to end.
    private var isOver: Bool { options.isInterrupted() }

    private func readOn(until deadline: UInt64) { loop(until: { false }, deadline: deadline) }

    private enum Ending { case done, deadline, interrupted }

    @discardableResult
    private func loop(until isDone: () -> Bool, deadline: UInt64, each: () -> Void = {}) -> Ending {
        while true {
            each()
            let now = cload_now_ns()
            if isDone() { return .done }
            if now >= deadline { return .deadline }
            if isOver { return .interrupted }
            sampler.turn(now: now, activities)
            slow.turn(now: now)
            let due = min(
                activities.map(\.nextDue).min() ?? .max, min(sampler.nextDue, min(slow.nextDue, deadline)))
            engine.turn(waitNs: due > now ? due - now : 0)
        }
    }
}

extension Scenario {
    /// Connections for requests, at once at most.
    var connectionsAtOnce: Int {
        phases.map { $0.activities.map(\.connectionsAtOnce).reduce(0, +) }.max() ?? 0
    }
}

extension Activity {
    fileprivate var connectionsAtOnce: Int {
        switch self {
        case .publish: 32
        case .createJobs(let jobs): jobs.connections
        case .wholeJobs(let jobs): jobs.connections
        case .runningJobs, .commitEvents: 16
        case .idle, .disconnect, .resume, .churn, .stall: 0
        }
    }
}
