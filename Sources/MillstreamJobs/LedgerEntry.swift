// A live job as the ledger holds it. Journal lane only. All other tables of the ledger (queues, timers, counts) follow from the
// stages of its jobs: whoever restores the jobs has restored the ledger.

import MillstreamJSON
import MillstreamJournal

/// What a job waits for, or who holds it.
enum Stage: Hashable {
    /// In no table: just made, or ended.
    case none
    /// In its kind's queue.
    case ready
    /// Until a time of the wall clock (`run_at`).
    case scheduled(Timestamp)
    /// Until the pause between two attempts is over; monotonic.
    case pausing(untilMs: Int64)
    /// A worker has it; monotonic deadline of the attempt.
    case running(timeoutMs: Int64?)
    /// The worker was told to stop; the job ends without it at the deadline.
    case stopping(StopReason, forcedEndMs: Int64)

    /// Whether the job counts against `maxQueuedJobs`.
    var isWaiting: Bool {
        switch self {
        case .ready, .scheduled, .pausing: true
        case .none, .running, .stopping: false
        }
    }
}

enum StopReason: Hashable {
    case cancel, timeout
}

/// The attempt that a worker's place is taken for.
struct RunKey: Hashable {
    /// Both numbers in one word, because a table has one for each running job. Attempts are at most some thousands.
    private let bits: UInt64

    init(ref: LogRef, attempt: Int) {
        bits = UInt64(bitPattern: ref.number) << 16 | UInt64(UInt16(truncatingIfNeeded: attempt))
    }

    var ref: LogRef { LogRef(Int64(bits >> 16)) }
    var attempt: Int { Int(bits & 0xFFFF) }
}

final class LedgerEntry: LedgerLog {
    // First, where they fill a gap that the log's own members leave.
    /// Whether the present attempt has the number of one that a drain gave back after it had published. Known from what the store
    /// has committed, hence never undone.
    var repeatsAttempt = false
    // Of the batch with number `batch`.
    /// Whether its record was saved for a roll-back, or needs no saving because it is new.
    var isSaved = false
    var isNew = false
    /// Whether progress was made that no notice has told yet.
    var hasUntoldProgress = false

    let lane: KindLane
    /// All but the head's members, which are current in `head` alone; `snapshot` has both.
    var record: JobRecord
    var stage = Stage.none
    /// Where a timer heap holds it; -1 for nowhere. Written by the heap.
    var timerIndex = -1
    /// The whole input of a job made in the present batch, until the store has it.
    var freshInput: JSONText?

    init(_ record: JobRecord, lane: KindLane) {
        self.record = record
        self.lane = lane
        super.init(ref: record.ref, name: .job(record.id), epoch: record.epoch)
        head = LogHead(of: record)
    }

    enum ByRef: TableKeying {
        static func key(of entry: LedgerEntry) -> LogRef { entry.ref }
    }

    enum ByID: TableKeying {
        static func key(of entry: LedgerEntry) -> JobID { entry.id }
    }

    var id: JobID { record.id }
    var run: JobRun { JobRun(ref: ref, id: record.id, attempt: record.attempt) }
    var queueKey: QueueKey { QueueKey(priority: record.priority, order: record.queueOrder) }

    /// The record with its head.
    var snapshot: JobRecord {
        var record = record
        record.lastSequence = head.lastSequence
        record.trimmedThrough = head.trimmedThrough
        record.logBytes = head.logBytes
        record.progress = head.progress
        return record
    }
}
