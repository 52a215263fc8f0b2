import CLoad

/// All cut streams of a group come back at once, each with its own cursor. What each must reach is where its channel stood when the
/// storm began: the furthest cursor that any reader of it has. Engine's thread only.
final class ResumeActivity: RunningActivity, StreamObserver {
    private let group: StreamGroup
    private let context: RunContext
    private let wave: OpenWave
    /// By channel.
    private var goals: [UInt64] = []
    private var behind = 0
    private var caughtUp = 0
    private var start: UInt64 = 0
    private var lastCatchUp: UInt64 = 0
    private var catchUps = LatencyHistogram.make()
    private var replayedBefore = 0
    /// What the others got until all had caught up.
    private var others: Quantiles?

    init(_ plan: Resume, _ group: StreamGroup, _ context: RunContext) {
        self.group = group
        self.context = context
        wave = OpenWave(context.engine, slots: Array(group.slots), window: plan.window, resuming: true)
    }

    func begin(now: UInt64) throws(LoadError) {
        guard group.observer == nil else { throw .twice(group.name) }
        group.observer = self
        group.isCut = false
        start = now
        replayedBefore = group.tally.pointee.replayed
        findGoals()
        for slot in group.slots {
            context.engine.cut(slot)
            let stream = context.engine.stream(slot)
            behind += missing(stream)
            stream.pointee.isObserved = true
        }
        group.expected += behind
        group.isCrowd = true
    }

    /// A few at a time: to ask for all that may be under way takes milliseconds, in which nobody else would be read.
    func turn(now: UInt64) { wave.pump(atMost: Self.opensPerTurn) }

    private static let opensPerTurn = 8

    var nextDue: UInt64 { wave.canPump ? 0 : .max }

    private func findGoals() {
        goals = Array(repeating: 0, count: max(1, group.channels))
        for other in context.readers where other.channels == group.channels {
            for slot in other.slots {
                let last = context.engine.stream(slot).pointee.lastSequence
                guard last != StreamState.noSequence else { continue }
                let channel = other.channel(of: slot)
                goals[channel] = max(goals[channel], last)
            }
        }
    }

    private func missing(_ stream: UnsafeMutablePointer<StreamState>) -> Int {
        let last = stream.pointee.lastSequence
        let goal = goals[Int(stream.pointee.owner) % goals.count]
        if last == StreamState.noSequence { return Int(goal) }
        return goal > last ? Int(goal - last) : 0
    }

    func streamDidOpen(_ slot: Int, now: UInt64) {
        wave.didOpen(slot, now: now)
        note(slot, now)
    }

    func streamDidFail(_ slot: Int, error: Int32, status: Int, now: UInt64) {
        wave.didFail(slot, error: error, status: status)
    }

    func streamDidRead(_ slot: Int, now: UInt64) { note(slot, now) }

    /// From then on the stream is a live one.
    private func note(_ slot: Int, _ now: UInt64) {
        let stream = context.engine.stream(slot)
        guard stream.pointee.isObserved, missing(stream) == 0 else { return }
        stream.pointee.isObserved = false
        caughtUp += 1
        lastCatchUp = now
        catchUps.add(ns: now - stream.pointee.connectedAt)
        if isDone { others = othersSoFar() }
    }

    /// Of the phase, which began with the storm.
    private func othersSoFar() -> Quantiles {
        var latency = LatencyHistogram.make()
        for other in context.readers where other !== group && other.counts {
            latency.add(other.latency)
            latency.add(other.tally.pointee.latency)
        }
        return latency.quantilesUs
    }

    var isDone: Bool { wave.isDone && caughtUp >= wave.opened }

    var openErrors: Int { wave.errors + wave.non200 }

    func end(now: UInt64) {
        group.observer = nil
        for slot in group.slots { context.engine.stream(slot).pointee.isObserved = false }
    }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {
        let replayed = group.tally.pointee.replayed - replayedBefore
        let wallS = lastCatchUp > start ? Double(lastCatchUp - start) / 1e9 : 0
        report.resume = ResumeReport(
            readers: group.slots.count, caughtUp: caughtUp, openErrors: openErrors, behind: behind,
            replayed: replayed, replayedPerS: wallS > 0 ? Double(replayed) / wallS : 0, wallS: wallS,
            catchUpUs: catchUps.quantilesUs, othersUs: others,
            serverCpuUsPerEvent: window.serverCpuS.flatMap { replayed > 0 ? $0 / Double(replayed) * 1e6 : nil })
    }
}
