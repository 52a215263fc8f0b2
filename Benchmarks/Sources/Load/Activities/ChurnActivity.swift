import CLoad

/// Streams of a group go, one after the other or so many at once, at a steady rate, and come back with their cursor after a pause. Their numbers go on
/// being checked over the gap: nothing may be missed and nothing may come twice. Engine's thread only.
final class ChurnActivity: RunningActivity, StreamObserver {
    private struct Return {
        var slot: Int
        var at: UInt64
    }

    private let plan: Churn
    private let group: StreamGroup
    private let engine: LoadEngine
    private var start: UInt64 = 0
    private var cuts = 0
    private var away: [Return] = []
    private var firstAway = 0
    private var underWay = 0
    private var reconnects = 0
    private(set) var openErrors = 0
    private var latency = LatencyHistogram.make()
    private let planned: Int

    init(_ plan: Churn, _ group: StreamGroup, _ context: RunContext) {
        self.plan = plan
        self.group = group
        engine = context.engine
        // Whole bursts only: the last one would else be due after the end.
        planned = Int(plan.rate * plan.seconds) / plan.burst * plan.burst
    }

    func begin(now: UInt64) throws(LoadError) {
        guard group.observer == nil else { throw .twice(group.name) }
        group.observer = self
        start = now
    }

    private var cutDue: UInt64 {
        guard cuts < planned else { return .max }
        // A burst goes when the last of it would have gone at the steady rate.
        let place = plan.burst > 1 ? (cuts / plan.burst + 1) * plan.burst - 1 : cuts
        return start + UInt64(Double(place) / plan.rate * 1e9)
    }

    func turn(now: UInt64) {
        while cutDue <= now {
            let slot = group.slots.lowerBound + cuts % group.slots.count
            cuts += 1
            // One that is away already is left there.
            guard engine.stream(slot).pointee.phase == .body else { continue }
            engine.cut(slot)
            away.append(Return(slot: slot, at: now + UInt64(plan.pauseMs) * 1_000_000))
        }
        while firstAway < away.count, away[firstAway].at <= now {
            let slot = away[firstAway].slot
            firstAway += 1
            underWay += 1
            engine.open(slot, resuming: true)
        }
        if firstAway > 4096 {
            away.removeFirst(firstAway)
            firstAway = 0
        }
    }

    func streamDidOpen(_ slot: Int, now: UInt64) {
        underWay -= 1
        reconnects += 1
        latency.add(ns: now - engine.stream(slot).pointee.connectedAt)
    }

    /// A reader that was refused tries again after a second, as EventSource does.
    func streamDidFail(_ slot: Int, error: Int32, status: Int, now: UInt64) {
        underWay -= 1
        openErrors += 1
        away.append(Return(slot: slot, at: now + 1_000_000_000))
    }

    /// Cut by the server: counted as a disconnect already; it comes back.
    func streamDidEnd(_ slot: Int, isWhole: Bool, now: UInt64) {
        away.append(Return(slot: slot, at: now + 1_000_000_000))
    }

    var nextDue: UInt64 { min(cutDue, firstAway < away.count ? away[firstAway].at : .max) }

    var isDone: Bool { cuts >= planned && firstAway == away.count && underWay == 0 }

    func end(now: UInt64) { group.observer = nil }

    func report(into report: inout PhaseReport, _ window: PhaseWindow) {
        let own = ChurnReport(
            group: plan.group, planned: planned, reconnects: reconnects, openErrors: openErrors,
            openUs: latency.quantilesUs)
        if report.churn == nil { report.churn = own } else { report.otherChurns = (report.otherChurns ?? []) + [own] }
    }
}
