// A memory store whose commits and reads fail when a test says so, and which records what was committed.

import MillstreamJournal

final class FaultyStore: JournalStore {
    let inner: MemoryStore
    var failsCommits = false
    /// Reads until the next one fails; nil for never.
    var readsUntilFault: Int?
    private(set) var lastBatch: [JournalMutation] = []

    init(maxBytes: Int = 1 << 30) { inner = MemoryStore(maxBytes: maxBytes) }

    private func read<Answer>(_ answer: () throws(JournalError) -> Answer) throws(JournalError) -> Answer {
        if let left = readsUntilFault {
            guard left > 0 else { throw JournalError(.io, "told to fail") }
            readsUntilFault = left - 1
        }
        return try answer()
    }

    func commit(_ batch: [JournalMutation]) throws(JournalError) {
        if failsCommits { throw JournalError(.full, "told to fail") }
        try inner.commit(batch)
        lastBatch = batch
    }

    var highestRef: LogRef { get throws(JournalError) { try inner.highestRef } }
    var highestQueueOrder: Int64 { get throws(JournalError) { try inner.highestQueueOrder } }
    func makeReader() throws(JournalError) -> sending any JournalReading { try inner.makeReader() }
    func maintain(isIdle: Bool) throws(JournalError) -> Bool { false }
    func close() { inner.close() }

    func job(_ id: JobID) throws(JournalError) -> JobRecord? {
        try read { () throws(JournalError) in try inner.job(id) }
    }
    func job(ref: LogRef) throws(JournalError) -> JobRecord? {
        try read { () throws(JournalError) in try inner.job(ref: ref) }
    }
    func channel(_ name: String) throws(JournalError) -> ChannelRecord? {
        try read { () throws(JournalError) in try inner.channel(name) }
    }
    func events(of ref: LogRef, after: Int64, limit: Int, maxBytes: Int) throws(JournalError) -> [EventRecord] {
        try read { () throws(JournalError) in try inner.events(of: ref, after: after, limit: limit, maxBytes: maxBytes)
        }
    }
    func sequence(of publication: Publication, in ref: LogRef) throws(JournalError) -> Int64? {
        try read { () throws(JournalError) in try inner.sequence(of: publication, in: ref) }
    }
    func messages(of ref: LogRef, after number: Int, limit: Int) throws(JournalError) -> [MessageRecord] {
        try read { () throws(JournalError) in try inner.messages(of: ref, after: number, limit: limit) }
    }
    func idempotency(_ key: String) throws(JournalError) -> IdempotencyRecord? {
        try read { () throws(JournalError) in try inner.idempotency(key) }
    }
    func upload(_ id: String) throws(JournalError) -> UploadRecord? {
        try read { () throws(JournalError) in try inner.upload(id) }
    }
    func jobs(_ filter: JobFilter, before: LogRef?, limit: Int) throws(JournalError) -> [JobRecord] {
        try read { () throws(JournalError) in try inner.jobs(filter, before: before, limit: limit) }
    }
    func liveJobs(after: LogRef, limit: Int) throws(JournalError) -> [JobRecord] {
        try read { () throws(JournalError) in try inner.liveJobs(after: after, limit: limit) }
    }
    func channels(after: LogRef, limit: Int) throws(JournalError) -> [ChannelRecord] {
        try read { () throws(JournalError) in try inner.channels(after: after, limit: limit) }
    }
    func jobsFinished(before: Timestamp, limit: Int) throws(JournalError) -> [JobRecord] {
        try read { () throws(JournalError) in try inner.jobsFinished(before: before, limit: limit) }
    }
    func unusedUploads(before: Timestamp, limit: Int) throws(JournalError) -> [UploadRecord] {
        try read { () throws(JournalError) in try inner.unusedUploads(before: before, limit: limit) }
    }
    func firstEvent(of ref: LogRef) throws(JournalError) -> EventRecord? {
        try read { () throws(JournalError) in try inner.firstEvent(of: ref) }
    }
    func lastSequence(of ref: LogRef, olderThan: Timestamp) throws(JournalError) -> Int64? {
        try read { () throws(JournalError) in try inner.lastSequence(of: ref, olderThan: olderThan) }
    }
    func statistics() throws(JournalError) -> JournalStatistics {
        try read { () throws(JournalError) in try inner.statistics() }
    }
}
