/// An activity while its phase goes on. Engine's thread only; nothing it does may wait.
protocol RunningActivity: AnyObject {
    func begin(now: UInt64) throws(LoadError)
    /// In each turn of the loop: what is due is done.
    func turn(now: UInt64)
    /// When the next thing is due that no socket announces; `.max`: nothing.
    var nextDue: UInt64 { get }
    /// Whether the phase need not go on for it.
    var isDone: Bool { get }
    func end(now: UInt64)
    func report(into report: inout PhaseReport, _ window: PhaseWindow)
    /// Jobs that have ended so far, for the curves.
    var jobsEnded: Int { get }
    var openErrors: Int { get }
}

extension RunningActivity {
    func turn(now: UInt64) {}
    func end(now: UInt64) {}
    var nextDue: UInt64 { .max }
    var jobsEnded: Int { 0 }
    var openErrors: Int { 0 }
}

/// What the phase has cost.
struct PhaseWindow {
    var start: UInt64
    var end: UInt64
    var serverCpuS: Double?
    var generatorCpuS: Double
}

/// What all activities work with.
final class RunContext {
    let scenario: Scenario
    let engine: LoadEngine
    let probe: ServerProbe
    /// Groups of readers by name.
    private(set) var readers: [StreamGroup] = []
    /// Of our own publishing, by channel: they go on from phase to phase, as the streams do.
    private var sequences: [UInt64] = []

    init(scenario: Scenario, engine: LoadEngine, probe: ServerProbe) {
        self.scenario = scenario
        self.engine = engine
        self.probe = probe
        readers = scenario.readers.map { engine.addGroup($0) }
    }

    func nextSequence(_ channel: Int) -> UInt64 {
        while sequences.count <= channel { sequences.append(0) }
        sequences[channel] += 1
        return sequences[channel]
    }

    func group(_ name: String) throws(LoadError) -> StreamGroup {
        guard let group = readers.first(where: { $0.name == name }) else { throw .unknownGroup(name) }
        return group
    }

    func makeActivity(_ activity: Activity) throws(LoadError) -> any RunningActivity {
        switch activity {
        case .publish(let plan): PublishActivity(plan, self)
        case .idle(let plan): IdleActivity(plan)
        case .createJobs(let plan): CreateJobsActivity(plan, self)
        case .wholeJobs(let plan): WholeJobsActivity(plan, self)
        case .runningJobs(let plan): RunningJobsActivity(plan, self)
        case .commitEvents(let plan): CommitEventsActivity(plan, self)
        case .disconnect(let plan): DisconnectActivity(try group(plan.group), engine)
        case .resume(let plan): ResumeActivity(plan, try group(plan.group), self)
        case .churn(let plan): ChurnActivity(plan, try group(plan.group), self)
        case .stall(let plan): StallActivity(plan, try group(plan.group), engine)
        }
    }
}

/// Nothing, for a time.
final class IdleActivity: RunningActivity {
    private let plan: Idle
    private var until: UInt64 = 0
    private(set) var isDone = false

    init(_ plan: Idle) { self.plan = plan }

    func begin(now: UInt64) { until = now + UInt64(plan.seconds * 1e9) }

    func turn(now: UInt64) { if now >= until { isDone = true } }

    var nextDue: UInt64 { isDone ? .max : until }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {}
}

/// All streams of a group are cut at once.
final class DisconnectActivity: RunningActivity {
    private let group: StreamGroup
    private let engine: LoadEngine
    let isDone = true

    init(_ group: StreamGroup, _ engine: LoadEngine) {
        self.group = group
        self.engine = engine
    }

    func begin(now: UInt64) {
        group.isCut = true
        for slot in group.slots { engine.cut(slot) }
    }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {}
}
