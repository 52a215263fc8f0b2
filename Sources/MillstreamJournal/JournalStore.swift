// The one protocol between the rules and a store. A store has one writer, used by the journal lane alone, and any number of
// readers, each used by one thread at a time. Stores decide nothing: numbers, states and names come ready-made.

import MillstreamJSON

/// One change. The mutations of a batch are applied in order, all or none. Jobs lie apart: an event is a fifth of their size, and
/// most of a batch.
public enum JournalMutation: Sendable, Hashable {
    /// A new run. An ended run under the same id loses the name to it, and its log is removed (at once or by and by;
    /// no reader sees it again).
    indirect case insertJob(JobRecord)
    /// All of the record but `ref`, `id`, `kind`, `input`, `owner`, `viewers`, `createdAt`, `epoch`.
    indirect case updateJob(JobRecord)
    case putChannel(ChannelRecord)
    /// An event of a job or a channel; for a channel the head follows with `putChannel` in the same batch.
    case append(LogRef, EventRecord, Publication?)
    case appendMessage(LogRef, MessageRecord)
    case putIdempotency(IdempotencyRecord)
    case putUpload(UploadRecord)
    /// Removes the upload's row and its uses (the file is the caller's).
    case removeUpload(String)
    /// The job (by log) uses the upload.
    case useUpload(String, LogRef)
    /// Removes the events up to and including this number. The head's `trimmedThrough` comes with `updateJob` or `putChannel`.
    case trim(LogRef, through: Int64)
    /// The job, its log, messages, publications, upload uses and idempotency keys.
    case removeJob(LogRef)
    /// The channel and its log.
    case removeChannel(LogRef)
    /// Idempotency keys made before this time.
    case expireIdempotency(before: Timestamp)
}

/// Why a store did not do what it was asked. `isPermanent` faults will not pass without an operator.
public struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case full, readOnly, damaged, locked, newerSchema, io, closed
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }
}

/// Which jobs a list shows. Nil members do not filter.
public struct JobFilter: Hashable, Sendable {
    public var state: JobState?
    public var kind: String?
    public var owner: String?

    public init(state: JobState? = nil, kind: String? = nil, owner: String? = nil) {
        self.state = state
        self.kind = kind
        self.owner = owner
    }
}

/// Sizes of a store, for metrics and for `millstream journal`.
public struct JournalStatistics: Hashable, Sendable {
    public var jobs: Int64 = 0
    public var liveJobs: Int64 = 0
    public var events: Int64 = 0
    public var channels: Int64 = 0
    public var fileBytes: Int64 = 0
    /// Bytes that compaction would give back.
    public var freeBytes: Int64 = 0

    public init() {}
}

/// The reading half. Every call sees what was committed before it began. One thread at a time.
public protocol JournalReading: AnyObject {
    /// The present run under that id, with input and result texts loaded.
    func job(_ id: JobID) throws(JournalError) -> JobRecord?
    /// The run with that log, with input and result texts loaded.
    func job(ref: LogRef) throws(JournalError) -> JobRecord?
    func channel(_ name: String) throws(JournalError) -> ChannelRecord?
    /// Events with `sequence > after`, ascending, at most `limit`, and no more once `maxBytes` of data were read (at least one).
    func events(
        of ref: LogRef, after: Int64, limit: Int, maxBytes: Int
    ) throws(JournalError) -> [EventRecord]
    /// The event that this outside worker's number made, while its job is there; trimmed events included.
    func sequence(of publication: Publication, in ref: LogRef) throws(JournalError) -> Int64?
    func messages(of ref: LogRef, after number: Int, limit: Int) throws(JournalError) -> [MessageRecord]
    func idempotency(_ key: String) throws(JournalError) -> IdempotencyRecord?
    func upload(_ id: String) throws(JournalError) -> UploadRecord?
    /// Newest first (by ref), refs below `before` when given; input and result texts loaded only up to 16 KiB.
    func jobs(_ filter: JobFilter, before: LogRef?, limit: Int) throws(JournalError) -> [JobRecord]
    /// Jobs in no terminal state, by ref ascending, refs above `after`; for recovery at the start.
    func liveJobs(after: LogRef, limit: Int) throws(JournalError) -> [JobRecord]
    func channels(after: LogRef, limit: Int) throws(JournalError) -> [ChannelRecord]
    /// Ended jobs, by end time ascending, that ended before the given time.
    func jobsFinished(before: Timestamp, limit: Int) throws(JournalError) -> [JobRecord]
    /// Uploads that no job uses and that were made before the given time, and uploads whose users are all gone.
    func unusedUploads(before: Timestamp, limit: Int) throws(JournalError) -> [UploadRecord]
    /// Oldest event of a log, for retention by age.
    func firstEvent(of ref: LogRef) throws(JournalError) -> EventRecord?
    /// The number of the last event older than the given time, or nil.
    func lastSequence(of ref: LogRef, olderThan: Timestamp) throws(JournalError) -> Int64?
    func statistics() throws(JournalError) -> JournalStatistics
}

/// A store. `commit` and the reading calls on the store itself belong to the journal lane.
public protocol JournalStore: JournalReading {
    /// The highest `LogRef` ever given out, as far as the store knows.
    var highestRef: LogRef { get throws(JournalError) }
    /// The highest `queueOrder` stored.
    var highestQueueOrder: Int64 { get throws(JournalError) }
    /// Applies the whole batch in one transaction, durable (as far as the store's setting says) when it returns.
    /// After an error nothing of the batch is there.
    func commit(_ batch: [JournalMutation]) throws(JournalError)
    /// The same without what only later commits need: `makeRoom` is to follow, when those who wait for this one were told.
    func commitAlone(_ batch: [JournalMutation]) throws(JournalError)
    /// Does what `commitAlone` left. A fault of it comes again with a later call.
    func makeRoom()
    /// A reader for another thread.
    func makeReader() throws(JournalError) -> sending any JournalReading
    /// Gives space of removed rows back and shortens the write-ahead log; bounded work per call, true when more is left.
    /// - Parameter isIdle: nothing waits for the store, so that it may also do what it would put off under a load.
    func maintain(isIdle: Bool) throws(JournalError) -> Bool
    /// Marks a clean end and closes. Further calls throw `.closed`.
    func close()
}

/// Stores that leave nothing for later.
extension JournalStore {
    public func commitAlone(_ batch: [JournalMutation]) throws(JournalError) { try commit(batch) }
    public func makeRoom() {}
}

extension JournalStore {
    /// One piece of maintenance while nothing waits.
    public func maintain() throws(JournalError) -> Bool { try maintain(isIdle: true) }
}
