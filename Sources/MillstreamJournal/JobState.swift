// What a job is made of: its state, its error, its values. Plain values.

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
