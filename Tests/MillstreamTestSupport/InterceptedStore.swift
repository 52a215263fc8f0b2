// A memory store that asks before each read. Tests override what they want to fail, to watch or to hold up; the rest is passed on.

import MillstreamJournal

open class InterceptedStore: JournalStore {
    public let inner: MemoryStore

    public init(maxBytes: Int = 1 << 30) {
        inner = MemoryStore(maxBytes: maxBytes)
    }

    /// Before each read by the writing half; those of ``makeReader()`` are not asked about.
    open func willRead() throws(JournalError) {}

    private func read<Answer>(_ answer: () throws(JournalError) -> Answer) throws(JournalError) -> Answer {
        try willRead()
        return try answer()
    }

    // MARK: Writing

    open func commit(_ batch: [JournalMutation]) throws(JournalError) { try inner.commit(batch) }
    open func makeRoom() { inner.makeRoom() }
    open func maintain(isIdle: Bool) throws(JournalError) -> Bool { try inner.maintain(isIdle: isIdle) }
    open func close() { inner.close() }

    public func makeReader() throws(JournalError) -> sending any JournalReading { try inner.makeReader() }
    public var highestRef: LogRef { get throws(JournalError) { try inner.highestRef } }
    public var highestQueueOrder: Int64 { get throws(JournalError) { try inner.highestQueueOrder } }

    // MARK: Reading

    public func job(_ id: JobID) throws(JournalError) -> JobRecord? {
        try read { () throws(JournalError) in try inner.job(id) }
    }
    public func job(ref: LogRef) throws(JournalError) -> JobRecord? {
        try read { () throws(JournalError) in try inner.job(ref: ref) }
    }
    public func channel(_ name: String) throws(JournalError) -> ChannelRecord? {
        try read { () throws(JournalError) in try inner.channel(name) }
    }
    public func events(
        of ref: LogRef, after: Int64, limit: Int, maxBytes: Int
    ) throws(JournalError) -> [EventRecord] {
        try read { () throws(JournalError) in try inner.events(of: ref, after: after, limit: limit, maxBytes: maxBytes)
        }
    }
    public func sequence(of publication: Publication, in ref: LogRef) throws(JournalError) -> Int64? {
        try read { () throws(JournalError) in try inner.sequence(of: publication, in: ref) }
    }
    public func messages(of ref: LogRef, after number: Int, limit: Int) throws(JournalError) -> [MessageRecord] {
        try read { () throws(JournalError) in try inner.messages(of: ref, after: number, limit: limit) }
    }
    public func idempotency(_ key: String) throws(JournalError) -> IdempotencyRecord? {
        try read { () throws(JournalError) in try inner.idempotency(key) }
    }
    public func upload(_ id: String) throws(JournalError) -> UploadRecord? {
        try read { () throws(JournalError) in try inner.upload(id) }
    }
    public func jobs(_ filter: JobFilter, before: LogRef?, limit: Int) throws(JournalError) -> [JobRecord] {
        try read { () throws(JournalError) in try inner.jobs(filter, before: before, limit: limit) }
    }
    public func liveJobs(after: LogRef, limit: Int) throws(JournalError) -> [JobRecord] {
        try read { () throws(JournalError) in try inner.liveJobs(after: after, limit: limit) }
    }
    public func channels(after: LogRef, limit: Int) throws(JournalError) -> [ChannelRecord] {
        try read { () throws(JournalError) in try inner.channels(after: after, limit: limit) }
    }
    public func jobsFinished(before: Timestamp, limit: Int) throws(JournalError) -> [JobRecord] {
        try read { () throws(JournalError) in try inner.jobsFinished(before: before, limit: limit) }
    }
    public func unusedUploads(before: Timestamp, limit: Int) throws(JournalError) -> [UploadRecord] {
        try read { () throws(JournalError) in try inner.unusedUploads(before: before, limit: limit) }
    }
    public func firstEvent(of ref: LogRef) throws(JournalError) -> EventRecord? {
        try read { () throws(JournalError) in try inner.firstEvent(of: ref) }
    }
    public func lastSequence(of ref: LogRef, olderThan: Timestamp) throws(JournalError) -> Int64? {
        try read { () throws(JournalError) in try inner.lastSequence(of: ref, olderThan: olderThan) }
    }
    public func statistics() throws(JournalError) -> JournalStatistics {
        try read { () throws(JournalError) in try inner.statistics() }
    }
}
