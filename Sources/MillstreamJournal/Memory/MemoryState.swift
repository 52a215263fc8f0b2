// All that the memory store holds, and the changes of one batch to it. A plain value: the store keeps it behind its lock, so
// readers see it between batches only. Applies mutations; MemoryState+Reading answers.

struct MemoryState: Sendable {
    /// What names a job and goes with it.
    struct Belongings: Sendable {
        var uploads: Set<String> = []
        var keys: Set<String> = []

        var byteCount: Int { (uploads.count + keys.count) * MemoryCost.name }
    }

    struct Upload: Sendable {
        var record: UploadRecord
        var users: Set<LogRef> = []
        /// Stays true: an upload whose users are gone may go at once, one that nobody named yet may still be named.
        var wasUsed = false
    }

    let maxBytes: Int
    var isClosed = false
    var highestRef = LogRef(0)
    var highestQueueOrder: Int64 = 0

    private(set) var jobs = MemoryJobs()
    private(set) var belongings = UndoTable<LogRef, Belongings>()
    private(set) var channels = UndoTable<LogRef, ChannelRecord>()
    private(set) var idempotency = UndoTable<String, IdempotencyRecord>()
    private(set) var uploads = UndoTable<String, Upload>()
    private(set) var logs = MemoryLogs()

    // Follow from the tables above.
    private(set) var keyTimes = SortedKeys<TimedKey<String>>()
    private(set) var refsByChannel: [String: LogRef] = [:]
    private var rowBytes = 0

    init(maxBytes: Int) {
        self.maxBytes = maxBytes
    }

    var byteCount: Int { rowBytes + jobs.byteCount + logs.byteCount }

    mutating func commit(_ batch: [JournalMutation]) throws(JournalError) {
        let before = (highestRef, highestQueueOrder)
        do throws(JournalError) {
            for mutation in batch { try apply(mutation) }
            guard byteCount <= maxBytes else {
                throw JournalError(.full, "the memory store is bounded to \(maxBytes) bytes")
            }
            keep()
        } catch {
            (highestRef, highestQueueOrder) = before
            undo()
            throw error
        }
    }

    private mutating func apply(_ mutation: JournalMutation) throws(JournalError) {
        switch mutation {
        case .insertJob(let job): try insert(job)
        case .updateJob(let job): update(job)
        case .putChannel(let channel): try put(channel)
        case .append(let ref, let event, let publication): try append(event, to: ref, as: publication)
        case .appendMessage(let ref, let message): try append(message, to: ref)
        case .putIdempotency(let record): put(record)
        case .putUpload(let record): setUpload(record.id, Upload(record: record, of: uploads[record.id]))
        case .removeUpload(let id): setUpload(id, nil)
        case .useUpload(let id, let ref): useUpload(id, by: ref)
        case .trim(let ref, let sequence): logs.trim(ref, through: sequence)
        case .removeJob(let ref): removeJob(ref)
        case .removeChannel(let ref): removeChannel(ref)
        case .expireIdempotency(let time):
            for key in keyTimes.below(TimedKey(time: time, name: "")) { removeKey(key.name) }
        }
    }

    // MARK: Jobs

    private mutating func insert(_ job: JobRecord) throws(JournalError) {
        guard jobs[job.ref] == nil else { throw Self.conflict("log \(job.ref.number) is there already") }
        if let earlier = jobs.ref(of: job.id) { removeJob(earlier) }
        jobs[job.ref] = job
        highestRef = max(highestRef, job.ref)
        highestQueueOrder = max(highestQueueOrder, job.queueOrder)
    }

    private mutating func update(_ job: JobRecord) {
        guard let old = jobs[job.ref] else { return }
        var new = job
        new.id = old.id
        new.kind = old.kind
        new.input = old.input
        new.owner = old.owner
        new.viewers = old.viewers
        new.createdAt = old.createdAt
        new.epoch = old.epoch
        if let result = job.result, result.text == nil, let stored = old.result?.text {
            new.result = StoredValue(stored)
        }
        jobs[job.ref] = new
        highestQueueOrder = max(highestQueueOrder, job.queueOrder)
    }

    private mutating func removeJob(_ ref: LogRef) {
        guard jobs[ref] != nil else { return }
        let owned = belongings[ref] ?? Belongings()
        for id in owned.uploads {
            guard var upload = uploads[id] else { continue }
            upload.users.remove(ref)
            setUpload(id, upload)
        }
        for key in owned.keys { removeKey(key) }
        setBelongings(ref, nil)
        jobs[ref] = nil
        logs.remove(ref)
    }

    private mutating func append(
        _ event: EventRecord, to ref: LogRef, as publication: Publication?
    ) throws(JournalError) {
        guard logs.append(event, to: ref) else {
            throw Self.conflict("event \(event.sequence) of log \(ref.number) is there already")
        }
        guard let publication else { return }
        guard logs.put(publication, of: event.sequence, in: ref) else {
            throw Self.conflict("publication \(publication.sequence) of log \(ref.number) is there already")
        }
    }

    private mutating func append(_ message: MessageRecord, to ref: LogRef) throws(JournalError) {
        guard logs.append(message, to: ref) else {
            throw Self.conflict("message \(message.number) of log \(ref.number) is there already")
        }
    }

    // MARK: Channels, keys, uploads

    private mutating func put(_ channel: ChannelRecord) throws(JournalError) {
        if let other = refsByChannel[channel.name], other != channel.ref {
            throw Self.conflict("channel \(channel.name) has another log")
        }
        var new = channel
        if let old = channels[channel.ref] {
            new.name = old.name
            new.epoch = old.epoch
            new.createdAt = old.createdAt
        }
        setChannel(channel.ref, new)
        highestRef = max(highestRef, channel.ref)
    }

    private mutating func removeChannel(_ ref: LogRef) {
        guard channels[ref] != nil else { return }
        setChannel(ref, nil)
        logs.remove(ref)
    }

    private mutating func put(_ record: IdempotencyRecord) {
        removeKey(record.key)
        setIdempotency(record.key, record)
        var owned = belongings[record.ref] ?? Belongings()
        owned.keys.insert(record.key)
        setBelongings(record.ref, owned)
    }

    private mutating func removeKey(_ key: String) {
        guard let record = idempotency[key] else { return }
        setIdempotency(key, nil)
        guard var owned = belongings[record.ref] else { return }
        owned.keys.remove(key)
        setBelongings(record.ref, owned)
    }

    private mutating func useUpload(_ id: String, by ref: LogRef) {
        guard var upload = uploads[id] else { return }
        upload.users.insert(ref)
        upload.wasUsed = true
        setUpload(id, upload)
        var owned = belongings[ref] ?? Belongings()
        owned.uploads.insert(id)
        setBelongings(ref, owned)
    }

    // MARK: Rows and what follows from them

    private mutating func setChannel(_ ref: LogRef, _ row: ChannelRecord?) {
        follow(channels[ref], row)
        channels[ref] = row
    }

    private mutating func setIdempotency(_ key: String, _ row: IdempotencyRecord?) {
        follow(idempotency[key], row)
        idempotency[key] = row
    }

    private mutating func setUpload(_ id: String, _ row: Upload?) {
        rowBytes += (row.map { MemoryCost.of($0.record) } ?? 0) - (uploads[id].map { MemoryCost.of($0.record) } ?? 0)
        uploads[id] = row
    }

    private mutating func setBelongings(_ ref: LogRef, _ row: Belongings?) {
        rowBytes += (row?.byteCount ?? 0) - (belongings[ref]?.byteCount ?? 0)
        belongings[ref] = row
    }

    private mutating func follow(_ old: ChannelRecord?, _ new: ChannelRecord?) {
        if let old {
            rowBytes -= MemoryCost.of(old)
            refsByChannel[old.name] = nil
        }
        if let new {
            rowBytes += MemoryCost.of(new)
            refsByChannel[new.name] = new.ref
        }
    }

    private mutating func follow(_ old: IdempotencyRecord?, _ new: IdempotencyRecord?) {
        if let old {
            rowBytes -= MemoryCost.of(old)
            keyTimes.remove(TimedKey(time: old.createdAt, name: old.key))
        }
        if let new {
            rowBytes += MemoryCost.of(new)
            keyTimes.insert(TimedKey(time: new.createdAt, name: new.key))
        }
    }

    // MARK: The end of a batch

    private mutating func keep() {
        jobs.keep()
        belongings.keep()
        channels.keep()
        idempotency.keep()
        uploads.keep()
        logs.keep()
    }

    // Each table is taken out while it is undone, because what follows from it changes beside it. What a batch put under a name
    // is undone before what it took from that name, so the names end where they began.
    private mutating func undo() {
        jobs.undo()
        var channels = take(\.channels, leaving: UndoTable())
        channels.undo { _, gone, back in follow(gone, back) }
        self.channels = channels
        var idempotency = take(\.idempotency, leaving: UndoTable())
        idempotency.undo { _, gone, back in follow(gone, back) }
        self.idempotency = idempotency
        var bytes = 0
        belongings.undo { _, gone, back in bytes += (back?.byteCount ?? 0) - (gone?.byteCount ?? 0) }
        uploads.undo { _, gone, back in
            bytes += (back.map { MemoryCost.of($0.record) } ?? 0) - (gone.map { MemoryCost.of($0.record) } ?? 0)
        }
        rowBytes += bytes
        logs.undo()
    }

    private mutating func take<Table>(_ path: WritableKeyPath<Self, Table>, leaving empty: Table) -> Table {
        var table = empty
        swap(&table, &self[keyPath: path])
        return table
    }

    /// A batch that contradicts what is stored: the same answer as the database's constraints give.
    private static func conflict(_ message: String) -> JournalError {
        JournalError(.damaged, "batch refused: \(message)")
    }
}

extension MemoryState.Upload {
    /// A record put again keeps its users.
    fileprivate init(record: UploadRecord, of earlier: MemoryState.Upload?) {
        self.init(record: record)
        users = earlier?.users ?? []
        wasUsed = earlier?.wasUsed ?? false
    }
}
