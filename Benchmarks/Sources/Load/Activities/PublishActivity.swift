import CLoad

/// Events on a schedule that was fixed beforehand: by the server, when its dialect has a way to ask for that, or by POSTs of our own,
/// each with its planned time as `t`. Ends when every reader has what it must get, or when nothing has come for a while.
final class PublishActivity: RunningActivity, LaneOwner {
    /// After the last planned event: so long without any event means that the rest is lost.
    private static let quietNs: UInt64 = 5_000_000_000
    private let plan: Publish
    private let context: RunContext
    private var lane: RequestLane?
    private var isServers = false
    private var start: UInt64 = 0
    private var sent = 0
    private var answered = 0
    private var errors = 0
    private var lateNs: UInt64 = 0
    private var answers = LatencyHistogram.make()
    private var waiting: [StreamGroup] = []
    private var writer = RequestWriter()
    private(set) var isDone = false

    init(_ plan: Publish, _ context: RunContext) {
        self.plan = plan
        self.context = context
    }

    deinit { writer.release() }

    func begin(now: UInt64) throws(LoadError) {
        start = now
        expect()
        let request = context.engine.text.startPublishing(
            channels: plan.channels, rate: plan.rate, count: plan.count, dataBytes: context.scenario.dataBytes)
        isServers = request != nil
        let connections = isServers ? 1 : plan.rate == 0 ? 2 : plan.rate <= 1000 ? 1 : 32
        let lane = try context.engine.makeLane(connections: connections, owner: self)
        self.lane = lane
        if let request {
            lane.send(request, tag: 0, planned: now)
            sent = 1
        }
    }

    /// Event k goes to channel k modulo their number.
    private func expect() {
        waiting = context.readers.filter { $0.counts && !$0.isCut && $0.channels == plan.channels }
        let (each, rest) = plan.count.quotientAndRemainder(dividingBy: plan.channels)
        for group in waiting {
            for slot in group.slots {
                let stream = context.engine.stream(slot)
                // A stream that never opened is a fault of the opening and not a lost event.
                guard stream.pointee.phase != .closed || stream.pointee.lastSequence != StreamState.noSequence else {
                    continue
                }
                group.expected += each + (group.channel(of: slot) < rest ? 1 : 0)
            }
        }
    }

    func turn(now: UInt64) {
        guard !isDone else { return }
        if !isServers { publish(now) }
        let isSent = isServers ? answered == 1 : answered + errors >= plan.count
        guard isSent else { return }
        let last = waiting.map(\.tally.pointee.lastEventAt).max() ?? 0
        if !waiting.isEmpty, waiting.allSatisfy({ $0.received >= $0.expected }), last > 0 || !hasExpectation {
            isDone = true
        } else if now > max(plannedEnd, last) + (waiting.isEmpty ? 500_000_000 : Self.quietNs) {
            isDone = true
        }
        if errors > 0, isServers { isDone = true }
    }

    private var hasExpectation: Bool { waiting.contains { $0.expected > 0 } }

    private var plannedEnd: UInt64 {
        plan.rate > 0 ? start + UInt64(Double(plan.count) / plan.rate * 1e9) : start
    }

    private func publish(_ now: UInt64) {
        guard let lane else { return }
        while sent < plan.count, lane.hasIdle {
            let due = plan.rate > 0 ? start + UInt64(Double(sent) / plan.rate * 1e9) : now
            guard due <= now else { return }
            lateNs = max(lateNs, now - due)
            let channel = sent % plan.channels
            context.engine.text.publish(
                &writer, channel: channel, sequence: context.nextSequence(channel), time: due,
                dataBytes: context.scenario.dataBytes)
            lane.send(Bytes(writer.base), writer.count, tag: sent, planned: due)
            sent += 1
        }
    }

    var nextDue: UInt64 {
        if isDone { return .max }
        if !isServers, sent < plan.count, lane?.hasIdle == true, plan.rate > 0 {
            return start + UInt64(Double(sent) / plan.rate * 1e9)
        }
        // The quiet time is looked at now and then.
        return cload_now_ns() + 20_000_000
    }

    func laneDidAnswer(_ tag: Int, planned: UInt64, status: Int, body: UnsafeBufferPointer<UInt8>, now: UInt64) {
        answers.add(ns: now - planned)
        if status / 100 == 2 { answered += 1 } else { errors += 1 }
    }

    func end(now: UInt64) { lane?.closeAll() }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {
        report.publishing = PublishReport(
            planned: isServers ? 1 : plan.count, answered: answered, errors: errors, answerUs: answers.quantilesUs,
            lateUsMax: Double(lateNs) / 1000)
    }
}
