// The state machine of all jobs and the numbering of all logs: every decision of the server about a job is taken here. Confined
// to the journal lane; plain class, no locks. It reads the store where memory does not suffice, and never writes it: what is to be
// written comes out as mutations, and whoever commits them says `didCommit` or `rollBack`.
//
// The rules lie in extensions by theme: Create, Lifecycle, Events, Publishing, Requests (input, cancel, uploads), Advance,
// Recovery, Drain, Trimming, Sweep, Tables (queues and timers), Batch (saving and undoing).

import MillstreamJSON
import MillstreamJournal

/// All live jobs, their queues and timers, and the heads of the channels in use.
///
/// One batch is: any number of `apply`, then `advance`, then `takeOutcome`; after the store's answer `didCommit` or `rollBack`.
/// Not `Sendable`: created and used on the journal lane.
public final class JobLedger {
    let limits: LedgerLimits
    let retention: RetentionPolicy
    let store: any JournalStore
    // No run-time checks of exclusive access on what each command touches: they were 1,500 instructions of a new job.
    @exclusivity(unchecked) var random: any RandomNumberGenerator & Sendable

    @exclusivity(unchecked) var lanes: [String: KindLane] = [:]
    /// The same in the order in which they came: starts must not follow the order of a hash table.
    var laneOrder: [KindLane] = []
    @exclusivity(unchecked) var entries = ObjectTable<LedgerEntry.ByRef>()
    @exclusivity(unchecked) var entriesByID = ObjectTable<LedgerEntry.ByID>()
    var channels: [String: ChannelEntry] = [:]
    /// Places taken; a given-up run stays here until its worker says `.finish`.
    var places: [RunKey: KindLane] = [:]
    /// Deadlines by the monotonic clock: attempts, stops, pauses between attempts.
    @exclusivity(unchecked) var timers = TimerHeap()
    /// Deadlines by the wall clock: `run_at`.
    @exclusivity(unchecked) var schedule = TimerHeap()
    /// Jobs that count against `maxQueuedJobs`.
    @exclusivity(unchecked) var waitingCount = 0
    /// Logs beyond their bounds, to be trimmed by `advance`.
    var overgrown: ContiguousArray<LedgerLog> = []
    /// The same of ended jobs, which only the store has.
    var overgrownEnded: ContiguousArray<EndedLog> = []
    /// Whether the last `advance` left work for lack of steps.
    var hasBacklog = false

    @exclusivity(unchecked) var counters = LedgerCounters()
    @exclusivity(unchecked) var now: LedgerTime

    // The present batch.
    @exclusivity(unchecked) var batch: UInt64 = 1
    @exclusivity(unchecked) var draft = OutcomeDraft()
    @exclusivity(unchecked) var undo = UndoLog()
    @exclusivity(unchecked) var memory = BatchMemory()

    /// - Parameters:
    ///   - kinds: as the configuration declares them; `.declareKinds` replaces them later.
    ///   - store: read here, committed to by the owner; must outlive the ledger.
    ///   - random: for ids, epochs and the jitter of retries; tests bring a seeded one.
    public init(
        kinds: [JobKind], limits: LedgerLimits = LedgerLimits(), retention: RetentionPolicy = RetentionPolicy(),
        store: any JournalStore, random: any RandomNumberGenerator & Sendable = PooledRandom()
    ) {
        self.limits = limits
        self.retention = retention
        self.store = store
        self.random = random
        now = LedgerTime(wall: Timestamp(milliseconds: 0), monotonicMs: 0)
        for kind in kinds { lane(named: kind.name).declared = kind }
    }

    /// Carries one command out, in memory and in the batch's outcome.
    ///
    /// - Returns: the answer of a command that has one; it may leave only after the commit.
    /// - Throws: when the store could not be read. Nothing of this command was done then; the rest of the batch stands.
    public func apply(_ command: LedgerCommand, now: LedgerTime) throws(JournalError) -> LedgerReply? {
        self.now = now
        switch command {
        case .emit(let run, let event): emit(event, from: run)
        case .publish(let log, let events): return try publish(events, to: log)
        case .create(let job): return try create(job)
        case .finish(let run, let outcome): finish(run, outcome)
        case .emitToChannel(let channel, let event): try emit(event, toChannel: channel)
        case .input(let id, let body, let uploads): return try addInput(body, uploads: uploads, to: id)
        case .cancel(let id): return try cancel(id)
        case .registerUpload(let upload): return register(upload)
        case .noteProcess(let run, let group): note(group, of: run)
        case .declareKinds(let kinds): declare(kinds)
        case .drain: counters.isDraining = true
        case .releaseRunning: releaseRunning()
        }
        return nil
    }

    /// Everything the batch changed so far. Call it once per batch, after `advance`.
    public func takeOutcome() -> LedgerOutcome { draft.finish() }

    /// When `advance` has something to do by itself, in monotonic milliseconds; in the past when work was left over. Nil: never.
    public var nextDeadlineMs: Int64? {
        if hasBacklog || !overgrown.isEmpty || !overgrownEnded.isEmpty { return now.monotonicMs }
        guard let dueMs = schedule.next else { return timers.next }
        let sleepMs = min(max(0, dueMs.saturatingDifference(now.wall.milliseconds)), LedgerLimits.maxWallSleepMs)
        let wakeMs = now.monotonicMs.saturatingSum(sleepMs)
        return timers.next.map { min($0, wakeMs) } ?? wakeMs
    }

    /// Live jobs, running ones included.
    public var liveJobCount: Int { entries.count }
    /// Runs that hold a place, given-up ones included: 0 means that every worker is gone.
    public var takenPlaceCount: Int { places.count }
    public var isDraining: Bool { counters.isDraining }
}
