// What is asked of the ledger and what it answers. All of it crosses threads, so all of it is values.

import MillstreamJSON
import MillstreamJournal

/// A job as a caller asks for it; checked for form (types, lengths, characters), not yet for meaning.
public struct NewJob: Sendable, Hashable {
    public var kind: String
    public var input: JSONText
    /// Nil: the server makes one (UUID version 7).
    public var id: JobID?
    public var owner: String?
    public var viewers: [String] = []
    public var priority = 0
    public var runAt: Timestamp?
    public var timeoutMs: Int64?
    /// Ids found under `upload` anywhere in the input.
    public var uploads: [String] = []
    public var idempotency: IdempotencyKey?

    public init(kind: String, input: JSONText) {
        self.kind = kind
        self.input = input
    }
}

/// The caller's `Idempotency-Key` and what tells one request body from another.
public struct IdempotencyKey: Sendable, Hashable {
    public var key: String
    public var fingerprint: UInt128

    public init(key: String, fingerprint: UInt128) {
        self.key = key
        self.fingerprint = fingerprint
    }
}

/// One attempt of one run: what a worker holds, and what fences a worker that was given up.
public struct JobRun: Sendable, Hashable {
    public var ref: LogRef
    public var id: JobID
    public var attempt: Int

    public init(ref: LogRef, id: JobID, attempt: Int) {
        self.ref = ref
        self.id = id
        self.attempt = attempt
    }
}

/// An event before it has a number.
public struct DraftEvent: Sendable, Hashable {
    public var name: String
    public var data: JSONText
    public var attempt: Int?
    public var sequence: Int64?

    public init(name: String, data: JSONText, attempt: Int? = nil, sequence: Int64? = nil) {
        self.name = name
        self.data = data
        self.attempt = attempt
        self.sequence = sequence
    }
}

/// How an attempt ended, as the worker saw it.
public enum WorkerOutcome: Sendable, Hashable {
    /// With the result, when none was sent as an event before.
    case completed(JSONText?)
    /// `retryable` false: a failure that another attempt would only repeat (a refused input).
    case failed(JobError, retryable: Bool)
    /// The worker stopped because it was told to.
    case stopped
}

public enum LedgerCommand: Sendable {
    /// → `.job` or a refusal.
    case create(NewJob)
    /// From outside publishers, to a job or a channel; all or none. → `.published`.
    case publish(LogName, [DraftEvent])
    /// → `.job` once journalled.
    case input(JobID, body: JSONText, uploads: [String])
    /// → `.job`; `isNew` true when this call began the cancellation.
    case cancel(JobID)
    /// The file is in place already. → `.upload`.
    case registerUpload(UploadRecord)

    /// From the worker that holds the run; ignored when that was given up. No answer.
    case emit(JobRun, DraftEvent)
    /// From a worker to a channel. No answer.
    case emitToChannel(String, DraftEvent)
    /// The worker is gone, whatever became of the run: frees its place. No answer.
    case finish(JobRun, WorkerOutcome)
    /// The run's process group, once it was spawned. No answer.
    case noteProcess(JobRun, ProcessGroup)

    /// New declarations after a reload. Jobs of kinds that are gone fail when they would start.
    case declareKinds([JobKind])
    /// From now on nothing starts and `create` is refused as `.draining`.
    case drain
    /// After the graceful time: running jobs go back to the queue, their attempt not counted.
    case releaseRunning

    /// Whether a fault of the store is told to the caller (else the command waits in the lane until it can be stored).
    public var isAnswered: Bool {
        switch self {
        case .create, .publish, .input, .cancel, .registerUpload: true
        default: false
        }
    }
}

public enum LedgerReply: Sendable {
    case job(JobRecord, isNew: Bool)
    case published([EventID])
    case upload(UploadRecord)
    case refused(LedgerRefusal)
}

/// Why a command changed nothing. One table in the server maps each to a status.
public enum LedgerRefusal: Error, Sendable, Hashable {
    case unknownKind(String)
    /// A caller's id names a job that has not ended.
    case idInUse(JobID)
    /// The key was used with another body.
    case idempotencyMismatch
    case queueFull(limit: Int)
    case draining
    case notFound
    case ended
    /// An attempt that has ended; the number is the present one's or, between two, the next one's.
    case pastAttempt(current: Int)
    /// An attempt that has not begun.
    case futureAttempt(current: Int)
    case sequenceGap(expected: Int64)
    case reservedEventName(String)
    case unknownUpload(String)
    /// The bound of the channels: some may go.
    case limit(String)
    /// The bound of one job's messages, which are kept until its end.
    case tooManyMessages(limit: Int)
    case eventTooLarge(maxBytes: Int)
    case store(JournalError)
}
