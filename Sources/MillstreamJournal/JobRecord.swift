// A job as the store keeps it and as it travels between the journal lane and the loop. A plain value of a few words: what each
// event moves lies in it, the rest in a body that copies share until one of them is changed. So a running job, which the ledger
// and the loop's directory both hold, is held once; and what few jobs have (an error, an owner, a time to run at) takes no room in
// the others.

import MillstreamJSON

/// One run of a job.
public struct JobRecord: Hashable, Sendable {
    private var body: Body

    // Of its log. An event moves these and no more.
    /// The last event's number; 0 when there is none.
    public var lastSequence: Int64 = 0
    /// Events up to this one were taken by retention; 0 for none.
    public var trimmedThrough: Int64 = 0
    /// Bytes of data in the log, trimmed ones not counted.
    public var logBytes: Int64 = 0
    /// 0 to 100, nil until the worker said one.
    public var progress: Double?

    public init(ref: LogRef, id: JobID, kind: String, input: StoredValue, epoch: Epoch, createdAt: Timestamp) {
        body = Body(Values(ref: ref, id: id, kind: kind, epoch: epoch, input: input, createdAt: createdAt))
    }

    /// Whether none of its texts was left in the store.
    public var hasTexts: Bool { input.text != nil && (result == nil || result?.text != nil) }

    /// The id of the last event, or nil when the log is empty.
    public var lastEventID: EventID? {
        lastSequence == 0 ? nil : EventID(epoch: epoch, sequence: lastSequence)
    }

    public static func == (one: JobRecord, other: JobRecord) -> Bool {
        one.lastSequence == other.lastSequence && one.trimmedThrough == other.trimmedThrough
            && one.logBytes == other.logBytes && one.progress == other.progress
            && (one.body === other.body || one.body == other.body)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ref)
        hasher.combine(revision)
        hasher.combine(lastSequence)
    }

    // MARK: The body. Plain functions: accessors that yield would take memory for their frames.

    private final class Body: Equatable, @unchecked Sendable {
        // Sendable: changed only by the one record that holds it.
        var values: Values
        /// Nil while the job has nothing of that.
        var rare: RareBox?

        init(_ values: Values, rare: RareBox? = nil) {
            self.values = values
            self.rare = rare
        }

        static func == (one: Body, other: Body) -> Bool {
            one.values == other.values && (one.rare?.values ?? Rare()) == (other.rare?.values ?? Rare())
        }
    }

    private final class RareBox {
        var values: Rare

        init(_ values: Rare) {
            self.values = values
        }
    }

    /// For a change: no other record has it.
    private mutating func own() -> Body {
        if !isKnownUniquelyReferenced(&body) { body = Body(body.values, rare: body.rare) }
        return body
    }

    /// The same for what few jobs have.
    private mutating func ownRare() -> RareBox {
        let body = own()
        if isKnownUniquelyReferenced(&body.rare), let rare = body.rare { return rare }
        let made = RareBox(body.rare?.values ?? Rare())
        body.rare = made
        return made
    }

    /// Setting what it is by default to a record that has none takes no room.
    private var hasRare: Bool { body.rare != nil }

    private struct Values: Equatable {
        var ref: LogRef
        var id: JobID
        var kind: String
        var epoch: Epoch
        var input: StoredValue
        var createdAt: Timestamp
        var startedAt = PackedTime.none
        var finishedAt = PackedTime.none
        var queueOrder: Int64 = 0
        var revision: Int64 = 0
        var attempt: Int32 = 0
        var messageCount: Int32 = 0
        var priority: Int8 = 0
        var state = JobState.queued
        var cancelRequested = false
    }

    private struct Rare: Equatable {
        var result: StoredValue?
        var error: JobError?
        var owner: String?
        var viewers: [String] = []
        var timeoutMs: Int64?
        var runAt: Timestamp?
        var dueAt: Timestamp?
        var workerSequence: Int64 = 0
        var processGroup: ProcessGroup?
        var uploads: [String] = []
    }

    /// A time or none, in one word.
    private struct PackedTime: Equatable {
        private var milliseconds: Int64
        static let none = PackedTime(nil)

        init(_ time: Timestamp?) {
            milliseconds = time?.milliseconds ?? .min
        }

        var time: Timestamp? { milliseconds == .min ? nil : Timestamp(milliseconds: milliseconds) }
    }
}

// MARK: - Members

extension JobRecord {
    public var ref: LogRef {
        get { body.values.ref }
        set { own().values.ref = newValue }
    }

    public var id: JobID {
        get { body.values.id }
        set { own().values.id = newValue }
    }

    public var kind: String {
        get { body.values.kind }
        set { own().values.kind = newValue }
    }

    public var state: JobState {
        get { body.values.state }
        set { own().values.state = newValue }
    }

    /// Attempts begun so far; 0 before the first.
    public var attempt: Int {
        get { Int(body.values.attempt) }
        set { own().values.attempt = Int32(clamping: newValue) }
    }

    public var input: StoredValue {
        get { body.values.input }
        set { own().values.input = newValue }
    }

    public var result: StoredValue? {
        get { body.rare?.values.result }
        set { if newValue != nil || hasRare { ownRare().values.result = newValue } }
    }

    public var error: JobError? {
        get { body.rare?.values.error }
        set { if newValue != nil || hasRare { ownRare().values.error = newValue } }
    }

    public var owner: String? {
        get { body.rare?.values.owner }
        set { if newValue != nil || hasRare { ownRare().values.owner = newValue } }
    }

    public var viewers: [String] {
        get { body.rare?.values.viewers ?? [] }
        set { if !newValue.isEmpty || hasRare { ownRare().values.viewers = newValue } }
    }

    /// -100 to 100, higher first.
    public var priority: Int {
        get { Int(body.values.priority) }
        set { own().values.priority = Int8(clamping: newValue) }
    }

    /// Of one attempt, in milliseconds; nil: the kind's.
    public var timeoutMs: Int64? {
        get { body.rare?.values.timeoutMs }
        set { if newValue != nil || hasRare { ownRare().values.timeoutMs = newValue } }
    }

    public var createdAt: Timestamp {
        get { body.values.createdAt }
        set { own().values.createdAt = newValue }
    }

    /// When the caller asked for it to start.
    public var runAt: Timestamp? {
        get { body.rare?.values.runAt }
        set { if newValue != nil || hasRare { ownRare().values.runAt = newValue } }
    }

    public var startedAt: Timestamp? {
        get { body.values.startedAt.time }
        set { own().values.startedAt = PackedTime(newValue) }
    }

    public var finishedAt: Timestamp? {
        get { body.values.finishedAt.time }
        set { own().values.finishedAt = PackedTime(newValue) }
    }

    /// The place in its kind's queue: lower first within one priority. Given anew at each entry into the queue.
    public var queueOrder: Int64 {
        get { body.values.queueOrder }
        set { own().values.queueOrder = newValue }
    }

    /// When a scheduled or retrying job becomes due.
    public var dueAt: Timestamp? {
        get { body.rare?.values.dueAt }
        set { if newValue != nil || hasRare { ownRare().values.dueAt = newValue } }
    }

    public var cancelRequested: Bool {
        get { body.values.cancelRequested }
        set { own().values.cancelRequested = newValue }
    }

    /// The last `sequence` that an outside worker gave in the present attempt; 0 for none.
    public var workerSequence: Int64 {
        get { body.rare?.values.workerSequence ?? 0 }
        set { if newValue != 0 || hasRare { ownRare().values.workerSequence = newValue } }
    }

    /// Messages received with `POST …/input`.
    public var messageCount: Int {
        get { Int(body.values.messageCount) }
        set { own().values.messageCount = Int32(clamping: newValue) }
    }

    public var processGroup: ProcessGroup? {
        get { body.rare?.values.processGroup }
        set { if newValue != nil || hasRare { ownRare().values.processGroup = newValue } }
    }

    /// Ids of the uploads that its input names.
    public var uploads: [String] {
        get { body.rare?.values.uploads ?? [] }
        set { if !newValue.isEmpty || hasRare { ownRare().values.uploads = newValue } }
    }

    /// Of its log.
    public var epoch: Epoch {
        get { body.values.epoch }
        set { own().values.epoch = newValue }
    }

    /// Grows with each stored change of the record, so that a reader can tell the newer of two copies.
    public var revision: Int64 {
        get { body.values.revision }
        set { own().values.revision = newValue }
    }
}
