import MillstreamJournal
import MillstreamLoop

// What the lane knows of its store: whether it takes what is written, whether it could be read for what was due, what the loop was last
// told of that, and how long a pause lasts before the next try. Knows no store and no clock; a value of the lane's thread.

struct LaneHealth {
    /// Of the writing half.
    private var writing = StoreHealth.ok
    /// Why the ledger could not do what was due.
    private var readFault: JournalError?
    private var told = StoreHealth.ok
    private var backoff: LaneBackoff
    private let readPauseMs: Int
    /// When the pause is over.
    private(set) var retryAt = MonotonicTime(nanoseconds: 0)

    init(limits: LaneLimits) {
        backoff = LaneBackoff(firstMs: limits.firstRetryMs, maxMs: limits.maxRetryMs)
        readPauseMs = limits.maxRetryMs
    }

    /// Whether the last commit failed.
    var isFaulty: Bool { writing != .ok }

    /// What the loop is to be told.
    /// - Parameter lastingFault: of the store's maintenance.
    func published(lastingFault: JournalError?) -> StoreHealth {
        if isFaulty { return writing }
        return (readFault ?? lastingFault).map(StoreHealth.faulty) ?? .ok
    }

    func isNews(_ published: StoreHealth) -> Bool { published != told }

    mutating func didTell(_ published: StoreHealth) {
        told = published
    }

    /// A commit succeeded. The pause of a failed read goes on: what it could not do is due as before.
    mutating func didCommit() {
        writing = .ok
        backoff.reset()
        if readFault == nil { retryAt = MonotonicTime(nanoseconds: 0) }
    }

    mutating func didFailCommit(_ error: JournalError, at now: MonotonicTime) {
        writing = .faulty(error)
        retryAt = now.advanced(byMs: backoff.next())
    }

    /// What was due was done, as far as the store had to be read for it.
    mutating func didRead() {
        readFault = nil
    }

    mutating func didFailRead(_ error: JournalError, at now: MonotonicTime) {
        readFault = error
        retryAt = now.advanced(byMs: readPauseMs)
    }
}
