// A job as the store keeps it and as it travels between the journal lane and the loop. A plain value.

import MillstreamJSON

/// Where a job stands. The last three never change again.
public enum JobState: UInt8, Sendable, CaseIterable {
    case queued = 0
    case scheduled = 1
    case inProgress = 2
    case inputRequired = 3
    case retrying = 4
    case completed = 5
    case failed = 6
    case cancelled = 7

    /// The word of the contract: `queued`, `in_progress` …
    public var word: String {
        switch self {
        case .queued: "queued"
        case .scheduled: "scheduled"
        case .inProgress: "in_progress"
        case .inputRequired: "input_required"
        case .retrying: "retrying"
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    public init?(word: String) {
        guard let state = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = state
    }

    public var isTerminal: Bool { rawValue >= JobState.completed.rawValue }
    /// Whether a worker holds the job.
    public var isRunning: Bool { self == .inProgress || self == .inputRequired }
}

/// Why a job did not complete, or why its last attempt did not.
public struct JobError: Hashable, Sendable {
    /// One of `exit_status`, `signal`, `timeout`, `crashed`, `handler`, `cancelled` …
    public var code: String
    public var message: String
    /// The last lines of a program's standard error, when it wrote any.
    public var stderr: [String]

    public init(code: String, message: String, stderr: [String] = []) {
        self.code = code
        self.message = message
        self.stderr = stderr
    }
}

/// A JSON value of a job whose text may have been left in the store because it is large.
public struct StoredValue: Hashable, Sendable {
    public var byteCount: Int
    /// Nil when only the store holds it.
    public var text: JSONText?

    public init(_ text: JSONText) {
        self.text = text
        byteCount = text.bytes.count
    }

    public init(byteCount: Int) {
        self.byteCount = byteCount
    }

    /// The same value without its text when that is longer than the bound.
    public func held(upTo maxBytes: Int) -> StoredValue {
        byteCount <= maxBytes ? self : StoredValue(byteCount: byteCount)
    }
}

/// The process group of an exec worker, journalled so that the next start can end what a killed server left behind.
public struct ProcessGroup: Hashable, Sendable {
    public var id: Int32
    /// Field 22 of `/proc/PID/stat`: clock ticks after boot; tells the process from a later one with the same number.
    public var startTicks: UInt64
    /// `/proc/sys/kernel/random/boot_id` at that time.
    public var bootID: String

    public init(id: Int32, startTicks: UInt64, bootID: String) {
        self.id = id
        self.startTicks = startTicks
        self.bootID = bootID
    }
}

/// One run of a job.
public struct JobRecord: Hashable, Sendable {
    public var ref: LogRef
    public var id: JobID
    public var kind: String
    public var state: JobState
    /// Attempts begun so far; 0 before the first.
    public var attempt: Int
    /// 0 to 100, nil until the worker said one.
    public var progress: Double?
    public var input: StoredValue
    public var result: StoredValue?
    public var error: JobError?
    public var owner: String?
    public var viewers: [String]
    /// -100 to 100, higher first.
    public var priority: Int
    /// Of one attempt, in milliseconds; nil: the kind's.
    public var timeoutMs: Int64?
    public var createdAt: Timestamp
    /// When the caller asked for it to start.
    public var runAt: Timestamp?
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?

    /// The place in its kind's queue: lower first within one priority. Given anew at each entry into the queue.
    public var queueOrder: Int64
    /// When a scheduled or retrying job becomes due.
    public var dueAt: Timestamp?
    public var cancelRequested: Bool
    /// The last `sequence` that an outside worker gave in the present attempt; 0 for none.
    public var workerSequence: Int64
    /// Messages received with `POST …/input`.
    public var messageCount: Int
    public var processGroup: ProcessGroup?
    /// Ids of the uploads that its input names.
    public var uploads: [String]

    /// Of its log.
    public var epoch: Epoch
    /// The last event's number; 0 when there is none.
    public var lastSequence: Int64
    /// Events up to this one were taken by retention; 0 for none.
    public var trimmedThrough: Int64
    /// Bytes of data in the log, trimmed ones not counted.
    public var logBytes: Int64
    /// Grows with each stored change of the record, so that a reader can tell the newer of two copies.
    public var revision: Int64

    public init(ref: LogRef, id: JobID, kind: String, input: StoredValue, epoch: Epoch, createdAt: Timestamp) {
        self.ref = ref
        self.id = id
        self.kind = kind
        self.input = input
        self.epoch = epoch
        self.createdAt = createdAt
        state = .queued
        attempt = 0
        viewers = []
        priority = 0
        queueOrder = 0
        cancelRequested = false
        workerSequence = 0
        messageCount = 0
        uploads = []
        lastSequence = 0
        trimmedThrough = 0
        logBytes = 0
        revision = 0
    }

    /// The id of the last event, or nil when the log is empty.
    public var lastEventID: EventID? {
        lastSequence == 0 ? nil : EventID(epoch: epoch, sequence: lastSequence)
    }
}
