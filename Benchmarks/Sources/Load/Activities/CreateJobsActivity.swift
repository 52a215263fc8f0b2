import CLoad

/// Jobs are created over keep-alive connections, one request under way on each, and nobody watches them. Engine's thread only.
final class CreateJobsActivity: RunningActivity, LaneOwner {
    private let plan: CreateJobs
    private let engine: LoadEngine
    private let request: [UInt8]
    private let book = JobBook(capacity: 1)
    private var lane: RequestLane?
    private var start: UInt64 = 0
    private var sent = 0
    private var answered = 0
    private var pausedUntil: UInt64 = 0

    init(_ plan: CreateJobs, _ context: RunContext) {
        self.plan = plan
        engine = context.engine
        request = engine.text.createSteps(
            steps: plan.steps, intervalMs: 0, dataBytes: context.scenario.dataBytes,
            runAt: plan.scheduled ? WallClock.text(secondsFromNow: 3600) : nil)
    }

    func begin(now: UInt64) throws(LoadError) {
        start = now
        lane = try engine.makeLane(connections: plan.connections, owner: self)
        ask(now)
    }

    private var due: UInt64 {
        let planned = plan.rate > 0 ? start + UInt64(Double(sent) / plan.rate * 1e9) : 0
        return max(planned, pausedUntil)
    }

    private func ask(_ now: UInt64) {
        guard let lane else { return }
        while sent < plan.count, lane.hasIdle, due <= now {
            lane.send(request, tag: 0, planned: plan.rate > 0 ? due : now)
            sent += 1
        }
    }

    func turn(now: UInt64) { ask(now) }

    func laneDidAnswer(_ tag: Int, planned: UInt64, status: Int, body: UnsafeBufferPointer<UInt8>, now: UInt64) {
        answered += 1
        book.planned[0] = planned
        // A full server is given a moment; the refusal is counted.
        if !book.didCreate(0, status: status, body: body, now: now) { pausedUntil = now + 10_000_000 }
        ask(now)
    }

    var nextDue: UInt64 { sent < plan.count && lane?.hasIdle == true ? due : .max }

    var isDone: Bool { answered >= plan.count }

    var jobsEnded: Int { book.created }

    func end(now: UInt64) { lane?.closeAll() }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {
        report.add(book.report(name: "create_jobs", nil, window, streams: 0))
    }
}
