// What a log holds, and the heads of the logs that belong to no job. Plain values.

import MillstreamJSON

/// One event of a log.
public struct EventRecord: Hashable, Sendable {
    /// 1, 2, 3 … without holes.
    public var sequence: Int64
    /// `[A-Za-z0-9_.:-]{1,64}`.
    public var name: String
    public var data: JSONText
    public var time: Timestamp

    public init(sequence: Int64, name: String, data: JSONText, time: Timestamp) {
        self.sequence = sequence
        self.name = name
        self.data = data
        self.time = time
    }
}

/// A channel's log. The last number is part of it, so that retention may empty the log without numbers coming again.
public struct ChannelRecord: Hashable, Sendable {
    public var ref: LogRef
    /// `[A-Za-z0-9._-]{1,128}`.
    public var name: String
    public var epoch: Epoch
    public var lastSequence: Int64
    /// Events up to this one were taken by retention; 0 for none.
    public var trimmedThrough: Int64
    public var logBytes: Int64
    public var createdAt: Timestamp

    public init(ref: LogRef, name: String, epoch: Epoch, createdAt: Timestamp) {
        self.ref = ref
        self.name = name
        self.epoch = epoch
        self.createdAt = createdAt
        lastSequence = 0
        trimmedThrough = 0
        logBytes = 0
    }
}

/// The outside worker's own number of an event, kept so that the same one sent again is answered with the first id.
public struct Publication: Hashable, Sendable {
    public var attempt: Int
    public var sequence: Int64

    public init(attempt: Int, sequence: Int64) {
        self.attempt = attempt
        self.sequence = sequence
    }
}

/// One message to a running job (`POST …/input`): kept and given again to each attempt.
public struct MessageRecord: Hashable, Sendable {
    /// 1, 2, 3 … within the job.
    public var number: Int
    /// What the worker gets beside nothing else: `{"input": …}` or, for an upload, with `upload_path`.
    public var body: JSONText
    public var time: Timestamp

    public init(number: Int, body: JSONText, time: Timestamp) {
        self.number = number
        self.body = body
        self.time = time
    }
}

/// Which job an `Idempotency-Key` made.
public struct IdempotencyRecord: Hashable, Sendable {
    public var key: String
    /// Of the minified request body.
    public var fingerprint: UInt128
    public var job: JobID
    public var ref: LogRef
    public var createdAt: Timestamp

    public init(key: String, fingerprint: UInt128, job: JobID, ref: LogRef, createdAt: Timestamp) {
        self.key = key
        self.fingerprint = fingerprint
        self.job = job
        self.ref = ref
        self.createdAt = createdAt
    }
}

/// A file that a client brought. Its name on disk is the id.
public struct UploadRecord: Hashable, Sendable {
    public var id: String
    /// The client's name for it, for display only; never part of a path.
    public var name: String
    public var contentType: String
    public var byteCount: Int64
    public var createdAt: Timestamp

    public init(id: String, name: String, contentType: String, byteCount: Int64, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.contentType = contentType
        self.byteCount = byteCount
        self.createdAt = createdAt
    }
}
