import CLoad

/// Readers that take too little are cut off by a server that bounds what it holds for them; these come back with their cursor, as real
/// ones do, for a time. One that takes nothing sees its end only when it reads again, so it is woken after a while: it reads what lies
/// there, and the numbers must go on over the reconnect. Engine's thread only.
final class StallActivity: RunningActivity, StreamObserver {
    private enum Step {
        case comeBack, wake
        /// A stream that was woken and has not ended was not cut off.
        case giveUp
    }

    private struct Due {
        var slot: Int
        var at: UInt64
        var step: Step
        /// Of the connection that it is meant for.
        var generation: UInt16
    }

    /// What lies in the kernel's buffers is read in a moment.
    private static let readingNs: UInt64 = 1_000_000_000
    private static let retryNs: UInt64 = 1_000_000_000
    private let plan: Stall
    private let group: StreamGroup
    private let engine: LoadEngine
    private var until: UInt64 = 0
    private var dues: [Due] = []
    private var underWay = 0
    private var cutOff = 0
    private var kept = 0
    private(set) var openErrors = 0

    init(_ plan: Stall, _ group: StreamGroup, _ engine: LoadEngine) {
        self.plan = plan
        self.group = group
        self.engine = engine
    }

    func begin(now: UInt64) throws(LoadError) {
        guard group.observer == nil else { throw .twice(group.name) }
        group.observer = self
        until = now + UInt64(plan.seconds * 1e9)
        for slot in group.slots {
            if engine.stream(slot).pointee.phase == .closed {
                schedule(.comeBack, slot, at: now)
            } else {
                planWake(slot, now)
            }
        }
    }

    private func schedule(_ step: Step, _ slot: Int, at time: UInt64) {
        guard time < until else { return }
        dues.append(Due(slot: slot, at: time, step: step, generation: engine.stream(slot).pointee.generation))
    }

    private func planWake(_ slot: Int, _ now: UInt64) {
        if plan.wakeS > 0 { schedule(.wake, slot, at: now + UInt64(plan.wakeS * 1e9)) }
    }

    func turn(now: UInt64) {
        while let place = dues.firstIndex(where: { $0.at <= now }) {
            let due = dues.remove(at: place)
            // The stream of another connection is none of its business.
            guard engine.stream(due.slot).pointee.generation == due.generation else { continue }
            take(due, now)
        }
    }

    private func take(_ due: Due, _ now: UInt64) {
        switch due.step {
        case .comeBack:
            engine.stream(due.slot).pointee.isRead = false
            underWay += 1
            engine.open(due.slot, resuming: true)
        case .wake:
            schedule(.giveUp, due.slot, at: now + Self.readingNs)
            engine.wake(due.slot)
        case .giveUp:
            guard engine.stream(due.slot).pointee.phase == .body else { return }
            kept += 1
            engine.cut(due.slot)
            schedule(.comeBack, due.slot, at: now + pauseNs)
        }
    }

    private var pauseNs: UInt64 { UInt64(plan.pauseMs) * 1_000_000 }

    func streamDidOpen(_ slot: Int, now: UInt64) {
        underWay -= 1
        planWake(slot, now)
    }

    func streamDidFail(_ slot: Int, error: Int32, status: Int, now: UInt64) {
        underWay -= 1
        openErrors += 1
        schedule(.comeBack, slot, at: now + Self.retryNs)
    }

    func streamDidEnd(_ slot: Int, isWhole: Bool, now: UInt64) {
        cutOff += 1
        schedule(.comeBack, slot, at: now + pauseNs)
    }

    var nextDue: UInt64 { dues.map(\.at).min() ?? (isOver ? .max : until) }

    private var isOver: Bool { cload_now_ns() >= until }

    var isDone: Bool { isOver && dues.isEmpty && underWay == 0 }

    func end(now: UInt64) { group.observer = nil }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {
        let counts = group.phaseCounts
        let own = StallReport(
            group: plan.group, cutOff: cutOff, kept: kept, gaps: counts.gaps, gapEvents: counts.gapEvents,
            duplicates: counts.duplicates, openErrors: openErrors)
        report.stalls = (report.stalls ?? []) + [own]
    }
}
