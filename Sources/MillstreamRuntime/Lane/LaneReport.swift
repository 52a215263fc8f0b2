import MillstreamJobs
import MillstreamJournal

// What the journal lane tells the loop, once per commit. Values only.

/// The loop's own number for a command or a read that it waits for; the lanes only carry it.
public struct LaneTicket: Sendable, Hashable {
    public let number: UInt64

    public init(_ number: UInt64) {
        self.number = number
    }
}

/// Whether the store took the last batch.
public enum StoreHealth: Sendable, Hashable {
    case ok
    /// Nothing can be stored now. The lane tries again by itself.
    case faulty(JournalError)
}

/// The answer to one submitted command.
public struct LaneAnswer: Sendable {
    public var ticket: LaneTicket
    public var reply: LedgerReply

    public init(ticket: LaneTicket, reply: LedgerReply) {
        self.ticket = ticket
        self.reply = reply
    }
}

/// Sizes and times of one batch, for metrics.
public struct LaneMeasures: Sendable, Hashable {
    /// Commands applied.
    public var commands = 0
    /// Rows given to the store; 0 when there was nothing to store.
    public var mutations = 0
    /// Nanoseconds in `commitAlone`: until the batch was on the disk.
    public var commitNs: UInt64 = 0
    /// Nanoseconds in `makeRoom` since the report before; 0 when there was none. It follows a report, so the next one tells of it.
    public var roomNs: UInt64 = 0
    /// Commands of HTTP requests waiting after this batch.
    public var callerDepth = 0
    /// Emissions waiting or kept for another try after this batch.
    public var emissionDepth = 0
    /// Workers that wait for room.
    public var waitingEmitters = 0
    /// Since the start.
    public var failedCommits: UInt64 = 0
    public var storedCommands: UInt64 = 0

    public init() {}
}

/// Everything that follows from one batch, after its commit (or its failure).
public struct LaneReport: Sendable {
    public var replies: [LaneAnswer] = []
    /// In the order in which it happened.
    public var notices: [CommitNotice] = []
    /// Uploads whose files are to be deleted.
    public var removedUploads: [String] = []
    /// Bounds of the ledger that something came up against, and how often.
    public var reached: [LedgerBound: Int] = [:]
    /// CLOCK_MONOTONIC nanoseconds at which each event of the batch was emitted, one per event, oldest first within a worker.
    public var emittedAtNs: [UInt64] = []
    public var storeHealth = StoreHealth.ok
    public var measures = LaneMeasures()

    public init() {}
}
