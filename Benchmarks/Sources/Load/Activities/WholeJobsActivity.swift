import CLoad

/// Jobs from the POST to the terminal event at the reader, so many under way at once: create, open the stream, read it to its end,
/// check that nothing was lost. A stream that is cut comes back with its cursor. Engine's thread only.
final class WholeJobsActivity: RunningActivity, StreamObserver, LaneOwner {
    private static let maxReconnects: UInt8 = 10
    private let plan: WholeJobs
    private let context: RunContext
    private let engine: LoadEngine
    private let request: [UInt8]
    private let book: JobBook
    private var group: StreamGroup?
    private var lane: RequestLane?
    /// The longest free first: a job that were put on top again and again would leave others waiting for ever.
    private var free: SlotQueue
    private var tries: [UInt8]
    /// Whether the job's stream was cut by us.
    private var isCut: [Bool]
    private var start: UInt64 = 0
    private var begun = 0
    private var cuts = 0
    /// After a refusal nothing is begun for a while: the server said that it is full.
    private var pausedUntil: UInt64 = 0

    init(_ plan: WholeJobs, _ context: RunContext) {
        self.plan = plan
        self.context = context
        engine = context.engine
        request = engine.text.createSteps(
            steps: plan.steps, intervalMs: plan.intervalMs, dataBytes: context.scenario.dataBytes)
        book = JobBook(capacity: plan.inFlight)
        tries = Array(repeating: 0, count: plan.inFlight)
        free = SlotQueue(capacity: plan.inFlight)
        isCut = Array(repeating: false, count: plan.inFlight)
    }

    /// Steps and the terminal event.
    private var eventsPerJob: Int { plan.steps + 1 }

    func begin(now: UInt64) throws(LoadError) {
        start = now
        let group = engine.addGroup(ReaderGroup(name: plan.name, count: plan.inFlight), isJobs: true)
        group.observer = self
        group.beginPhase()
        self.group = group
        lane = try engine.makeLane(connections: min(plan.connections, plan.inFlight), owner: self)
        for job in 0..<plan.inFlight { giveBack(job, now) }
        beginJobs(now)
    }

    private func mayBegin(_ now: UInt64) -> Bool {
        if plan.count > 0 ? begun >= plan.count : now >= start + UInt64(plan.seconds * 1e9) { return false }
        return now >= pausedUntil && (plan.rate == 0 || nextPlanned <= now)
    }

    private var nextPlanned: UInt64 { start + UInt64(Double(begun) / plan.rate * 1e9) }

    private func beginJobs(_ now: UInt64) {
        guard let lane else { return }
        while lane.hasIdle, mayBegin(now), let job = free.take() {
            if plan.rate > 0 { book.planned[job] = nextPlanned }
            begun += 1
            lane.send(request, tag: job, planned: book.planned[job])
        }
    }

    func turn(now: UInt64) { beginJobs(now) }

    func laneDidAnswer(_ tag: Int, planned: UInt64, status: Int, body: UnsafeBufferPointer<UInt8>, now: UInt64) {
        guard let group else { return }
        guard book.didCreate(tag, status: status, body: body, now: now) else {
            begun -= 1
            pausedUntil = now + 10_000_000
            return giveBack(tag, now)
        }
        tries[tag] = 0
        isCut[tag] = false
        group.expected += eventsPerJob
        let slot = group.slots.lowerBound + tag
        engine.open(slot)
        engine.stream(slot).pointee.isObserved = plan.cutAfter > 0
    }

    private func giveBack(_ job: Int, _ now: UInt64) {
        book.planned[job] = now
        free.add(job)
    }

    func writeRequest(_ slot: Int, _ writer: inout RequestWriter) {
        let stream = engine.stream(slot)
        let (id, length) = book.id(Int(stream.pointee.owner))
        engine.text.watchJob(&writer, id: id, length: length, resuming: stream.pointee)
    }

    func streamDidOpen(_ slot: Int, now: UInt64) {}

    /// A stream that has its terminal event is left alone: there would be nothing to come back for.
    func streamDidRead(_ slot: Int, now: UInt64) {
        let stream = engine.stream(slot)
        let job = Int(stream.pointee.owner)
        guard !isCut[job], stream.pointee.events >= plan.cutAfter, stream.pointee.terminal == .other else { return }
        isCut[job] = true
        stream.pointee.isObserved = false
        engine.cut(slot)
        cuts += 1
        engine.open(slot, resuming: true)
    }

    func streamDidFail(_ slot: Int, error: Int32, status: Int, now: UInt64) { comeBack(slot, now) }

    func streamDidEnd(_ slot: Int, isWhole: Bool, now: UInt64) {
        let stream = engine.stream(slot)
        guard stream.pointee.terminal != .other else { return comeBack(slot, now) }
        book.didEnd(Int(stream.pointee.owner), stream.pointee, expected: eventsPerJob, now: now)
        giveBack(Int(stream.pointee.owner), now)
    }

    private func comeBack(_ slot: Int, _ now: UInt64) {
        let job = Int(engine.stream(slot).pointee.owner)
        guard tries[job] < Self.maxReconnects else {
            book.didLose(job, engine.stream(slot).pointee, expected: eventsPerJob, now: now)
            return giveBack(job, now)
        }
        tries[job] += 1
        book.reconnects += 1
        engine.open(slot, resuming: true)
    }

    var nextDue: UInt64 {
        guard lane?.hasIdle == true, !free.isEmpty else { return .max }
        if plan.count > 0 ? begun >= plan.count : false { return .max }
        let planned = plan.rate > 0 ? nextPlanned : 0
        let end = plan.seconds > 0 ? start + UInt64(plan.seconds * 1e9) : .max
        let next = max(planned, pausedUntil)
        return next < end ? next : .max
    }

    var isDone: Bool {
        let isOver = plan.count > 0 ? begun >= plan.count : cload_now_ns() >= start + UInt64(plan.seconds * 1e9)
        return isOver && free.count == plan.inFlight
    }

    var jobsEnded: Int { book.ended }

    func end(now: UInt64) { lane?.closeAll() }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {
        var own = book.report(name: plan.name, group, window, streams: plan.inFlight)
        own.cuts = plan.cutAfter > 0 ? cuts : nil
        report.add(own)
    }
}

/// Numbers of slots, first in, first out; never more than the capacity.
private struct SlotQueue {
    private var slots: [Int]
    private var first = 0
    private(set) var count = 0

    init(capacity: Int) { slots = Array(repeating: 0, count: capacity) }

    var isEmpty: Bool { count == 0 }

    mutating func add(_ slot: Int) {
        slots[(first + count) % slots.count] = slot
        count += 1
    }

    mutating func take() -> Int? {
        guard count > 0 else { return nil }
        let slot = slots[first]
        first = (first + 1) % slots.count
        count -= 1
        return slot
    }
}
