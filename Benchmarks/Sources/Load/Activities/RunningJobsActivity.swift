import CLoad

/// A number of jobs that are created at once and watched by so many streams each, until all have ended or, with `hold_s`, until
/// their memory has been looked at. Engine's thread only.
final class RunningJobsActivity: RunningActivity, StreamObserver, LaneOwner {
    private static let maxReconnects = 10
    private let plan: RunningJobs
    private let context: RunContext
    private let engine: LoadEngine
    private let request: (Int) -> [UInt8]
    /// Numbered events of each job, the terminal one included; nil: not known beforehand.
    private let eventsPerJob: Int?
    let book: JobBook
    private(set) var group: StreamGroup?
    private var lane: RequestLane?
    private var asked = 0
    private var answered = 0
    private var tries: [Int]
    private var open = 0
    private var over = 0
    private var holdUntil = UInt64.max
    private var rssBefore = 0
    private var rssBytesPerStream: Double?
    private(set) var openErrors = 0

    /// - Parameter request: the POST of each job; nil: steps as the plan has them.
    init(_ plan: RunningJobs, _ context: RunContext, request: ((Int) -> [UInt8])? = nil, eventsPerJob: Int? = nil) {
        self.plan = plan
        self.context = context
        engine = context.engine
        let steps = engine.text.createSteps(
            steps: plan.steps, intervalMs: plan.intervalMs, dataBytes: context.scenario.dataBytes,
            block: plan.block, busy: plan.busy)
        self.request = request ?? { _ in steps }
        self.eventsPerJob = request == nil ? plan.steps + 1 : eventsPerJob
        book = JobBook(capacity: plan.jobs)
        tries = Array(repeating: 0, count: plan.jobs * plan.readersPerJob)
    }

    private var streams: Int { plan.jobs * plan.readersPerJob }

    func begin(now: UInt64) throws(LoadError) {
        rssBefore = plan.holdS > 0 ? context.probe.rssBytes() : 0
        let group = engine.addGroup(ReaderGroup(name: plan.name, count: streams), isJobs: true)
        group.observer = self
        group.beginPhase()
        self.group = group
        for job in 0..<plan.jobs { book.planned[job] = now }
        lane = try engine.makeLane(connections: min(16, plan.jobs), owner: self)
        ask(now)
    }

    private func ask(_ now: UInt64) {
        guard let lane else { return }
        while asked < plan.jobs, lane.hasIdle {
            lane.send(request(asked), tag: asked, planned: book.planned[asked])
            asked += 1
        }
    }

    func turn(now: UInt64) {
        ask(now)
        guard now >= holdUntil, rssBytesPerStream == nil else { return }
        rssBytesPerStream = Double(context.probe.rssBytes() - rssBefore) / Double(max(1, open))
    }

    func laneDidAnswer(_ tag: Int, planned: UInt64, status: Int, body: UnsafeBufferPointer<UInt8>, now: UInt64) {
        answered += 1
        guard let group else { return }
        guard book.didCreate(tag, status: status, body: body, now: now) else {
            over += plan.readersPerJob
            return
        }
        for reader in 0..<plan.readersPerJob {
            if plan.holdS == 0 { group.expected += eventsPerJob ?? 0 }
            engine.open(group.slots.lowerBound + tag * plan.readersPerJob + reader)
        }
    }

    private func job(_ slot: Int) -> Int { Int(engine.stream(slot).pointee.owner) / plan.readersPerJob }

    func writeRequest(_ slot: Int, _ writer: inout RequestWriter) {
        let (id, length) = book.id(job(slot))
        engine.text.watchJob(&writer, id: id, length: length, resuming: engine.stream(slot).pointee)
    }

    func streamDidOpen(_ slot: Int, now: UInt64) {
        guard tries[Int(engine.stream(slot).pointee.owner)] == 0 else { return }
        open += 1
        if plan.holdS > 0, open == streams { holdUntil = now + UInt64(plan.holdS * 1e9) }
    }

    func streamDidFail(_ slot: Int, error: Int32, status: Int, now: UInt64) {
        openErrors += 1
        comeBack(slot, now)
    }

    func streamDidEnd(_ slot: Int, isWhole: Bool, now: UInt64) {
        let stream = engine.stream(slot)
        guard stream.pointee.terminal != .other else { return comeBack(slot, now) }
        over += 1
        book.didEnd(job(slot), stream.pointee, expected: eventsPerJob, now: now)
    }

    private func comeBack(_ slot: Int, _ now: UInt64) {
        let place = Int(engine.stream(slot).pointee.owner)
        guard tries[place] < Self.maxReconnects else {
            over += 1
            return book.didLose(job(slot), engine.stream(slot).pointee, expected: eventsPerJob, now: now)
        }
        tries[place] += 1
        book.reconnects += 1
        engine.open(slot, resuming: true)
    }

    var nextDue: UInt64 { rssBytesPerStream == nil ? holdUntil : .max }

    /// Jobs that nobody watches go on behind the phase's back: they are there to be in the way.
    var isDone: Bool {
        guard answered == plan.jobs else { return false }
        return plan.holdS > 0 ? rssBytesPerStream != nil || over == streams : over == streams
    }

    var jobsEnded: Int { book.ended }

    func end(now: UInt64) { lane?.closeAll() }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {
        let perStream = context.probe.isEmpty ? nil : rssBytesPerStream
        report.add(book.report(name: plan.name, group, window, streams: open, rssBytesPerStream: perStream))
    }
}

/// Events that workers emit to channels as fast as they can and nobody reads. A job's terminal event says that all of its events are
/// committed: events and terminal event go through the same queue.
final class CommitEventsActivity: RunningActivity {
    private let plan: CommitEvents
    private let jobs: RunningJobsActivity

    init(_ plan: CommitEvents, _ context: RunContext) {
        self.plan = plan
        let text = context.engine.text
        let bytes = context.scenario.dataBytes
        let running = RunningJobs(name: "commit_events", jobs: plan.jobs)
        jobs = RunningJobsActivity(
            running, context,
            request: { job in
                text.createPublisher(
                    channel: "\(text.channel)-p\(job)", channels: plan.channelsPerJob, rate: 0,
                    count: plan.eventsPerJob, dataBytes: bytes)
            })
    }

    func begin(now: UInt64) throws(LoadError) { try jobs.begin(now: now) }

    func turn(now: UInt64) { jobs.turn(now: now) }

    var nextDue: UInt64 { jobs.nextDue }

    var isDone: Bool { jobs.isDone }

    var jobsEnded: Int { jobs.jobsEnded }

    var openErrors: Int { jobs.openErrors }

    func end(now: UInt64) { jobs.end(now: now) }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {
        jobs.report(into: &report, window)
        let last = jobs.book.lastEndAt
        let events = jobs.book.completed * plan.eventsPerJob
        let wallS = last > window.start ? Double(last - window.start) / 1e9 : 0
        report.commits = CommitReport(
            jobs: jobs.book.completed, events: events, wallS: wallS, eventsPerS: wallS > 0 ? Double(events) / wallS : 0,
            serverCpuUsPerEvent: window.serverCpuS.flatMap { events > 0 ? $0 / Double(events) * 1e6 : nil })
    }
}
