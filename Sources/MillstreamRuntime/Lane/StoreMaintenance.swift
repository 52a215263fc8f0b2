import MillstreamJournal
import MillstreamLoop

// When the store is maintained: space and the write-ahead log are looked after when nothing waits for the store, and under a load that
// never pauses after so many commits all the same. Knows no store; a value of the lane's thread.

struct StoreMaintenance {
    private let limits: LaneLimits
    private var isPending = false
    private var commitsSince = 0
    private var dueAt = MonotonicTime(nanoseconds: 0)
    /// How often in a row, and the last one.
    private var faults = 0
    private var fault: JournalError?

    /// A fault that came so often, a second apart, is the store's.
    private static let lastingFaults = 5
    /// Between two pieces of one round.
    private static let pieceIntervalMs = 10

    init(limits: LaneLimits) {
        self.limits = limits
    }

    /// When there is something to do, if nothing arrives before; nil: not by itself.
    var wakeAt: MonotonicTime? { isPending ? dueAt : nil }

    /// What the store is to be called faulty for although it takes commits.
    var lastingFault: JournalError? { faults >= Self.lastingFaults ? fault : nil }

    mutating func didCommit() {
        commitsSince += 1
        isPending = true
    }

    /// - Parameter isIdle: nothing arrived in this turn.
    func isDue(at now: MonotonicTime, isIdle: Bool) -> Bool {
        guard isPending else { return false }
        // After a fault not sooner than the pause says, however many batches there are.
        if commitsSince >= limits.maxBatchesWithoutMaintenance, faults == 0 { return true }
        return now >= dueAt && (isIdle || faults > 0)
    }

    /// One piece was done; what was put off under a load is done when it has passed.
    mutating func didMaintain(hasMore: Bool, isIdle: Bool, at now: MonotonicTime) {
        commitsSince = 0
        faults = 0
        isPending = hasMore || !isIdle
        dueAt = now.advanced(byMs: hasMore ? Self.pieceIntervalMs : limits.maintainIntervalMs)
    }

    /// The next commit tells whether the store is at fault; maintenance alone refuses nobody. It is tried again, and said when it goes
    /// on failing.
    mutating func didFail(_ error: JournalError, at now: MonotonicTime) {
        commitsSince = 0
        faults += 1
        fault = error
        dueAt = now.advanced(byMs: limits.maintainIntervalMs)
    }
}
