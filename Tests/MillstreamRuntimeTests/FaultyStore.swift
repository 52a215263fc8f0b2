import MillstreamJournal
import MillstreamLoop

// A memory store whose commits and reads fail as the test says.

final class FaultyStore: JournalStore {
    private let inner: MemoryStore
    private let faults: Faults

    /// What fails, changed by the test from its own thread.
    final class Faults: Sendable {
        let commits = Locked(0)
        let isClosed = Locked(false)
        /// Of `maintain`.
        let maintenance = Locked<JournalError?>(nil)
        /// Called by `maintain`, with what it was told.
        let maintained = Locked<@Sendable (_ isIdle: Bool) -> Void>({ _ in })
        /// In place of making room.
        let room = Locked<@Sendable () -> Void>({})
        private let rule = Locked<@Sendable (_ number: Int, [JournalMutation]) -> JournalError?>({ _, _ in nil })

        init(_ rule: @escaping @Sendable (_ number: Int, [JournalMutation]) -> JournalError? = { _, _ in nil }) {
            set(rule)
        }

        /// `number` counts commits from 1.
        func set(_ new: @escaping @Sendable (_ number: Int, [JournalMutation]) -> JournalError?) {
            rule.withLock { $0 = new }
        }

        func check(_ batch: [JournalMutation]) throws(JournalError) {
            let number = commits.withLock { commits in
                commits += 1
                return commits
            }
            if let error = rule.withLock({ $0 })(number, batch) { throw error }
        }
    }

    init(_ faults: Faults, maxBytes: Int = 1 << 30) {
        inner = MemoryStore(maxBytes: maxBytes)
        self.faults = faults
    }

    func commit(_ batch: [JournalMutation]) throws(JournalError) {
        try faults.check(batch)
        try inner.commit(batch)
    }

    func makeRoom() { faults.room.withLock { $0 }() }

    func close() {
        faults.isClosed.withLock { $0 = true }
        inner.close()
    }

    var highestRef: LogRef { get throws(JournalError) { try inner.highestRef } }
    var highestQueueOrder: Int64 { get throws(JournalError) { try inner.highestQueueOrder } }
    func makeReader() throws(JournalError) -> sending any JournalReading { try inner.makeReader() }
    func maintain(isIdle: Bool) throws(JournalError) -> Bool {
        faults.maintained.withLock { $0 }(isIdle)
        if let error = faults.maintenance.withLock({ $0 }) { throw error }
        return try inner.maintain(isIdle: isIdle)
    }
    func job(_ id: JobID) throws(JournalError) -> JobRecord? { try inner.job(id) }
    func job(ref: LogRef) throws(JournalError) -> JobRecord? { try inner.job(ref: ref) }
    func channel(_ name: String) throws(JournalError) -> ChannelRecord? { try inner.channel(name) }
    func events(of ref: LogRef, after: Int64, limit: Int, maxBytes: Int) throws(JournalError) -> [EventRecord] {
        try inner.events(of: ref, after: after, limit: limit, maxBytes: maxBytes)
    }
    func sequence(of publication: Publication, in ref: LogRef) throws(JournalError) -> Int64? {
        try inner.sequence(of: publication, in: ref)
    }
    func messages(of ref: LogRef, after number: Int, limit: Int) throws(JournalError) -> [MessageRecord] {
        try inner.messages(of: ref, after: number, limit: limit)
    }
    func idempotency(_ key: String) throws(JournalError) -> IdempotencyRecord? { try inner.idempotency(key) }
    func upload(_ id: String) throws(JournalError) -> UploadRecord? { try inner.upload(id) }
    func jobs(_ filter: JobFilter, before: LogRef?, limit: Int) throws(JournalError) -> [JobRecord] {
        try inner.jobs(filter, before: before, limit: limit)
    }
    func liveJobs(after: LogRef, limit: Int) throws(JournalError) -> [JobRecord] {
        try inner.liveJobs(after: after, limit: limit)
    }
    func channels(after: LogRef, limit: Int) throws(JournalError) -> [ChannelRecord] {
        try inner.channels(after: after, limit: limit)
    }
    func jobsFinished(before: Timestamp, limit: Int) throws(JournalError) -> [JobRecord] {
        try inner.jobsFinished(before: before, limit: limit)
    }
    func unusedUploads(before: Timestamp, limit: Int) throws(JournalError) -> [UploadRecord] {
        try inner.unusedUploads(before: before, limit: limit)
    }
    func firstEvent(of ref: LogRef) throws(JournalError) -> EventRecord? { try inner.firstEvent(of: ref) }
    func lastSequence(of ref: LogRef, olderThan: Timestamp) throws(JournalError) -> Int64? {
        try inner.lastSequence(of: ref, olderThan: olderThan)
    }
    func statistics() throws(JournalError) -> JournalStatistics { try inner.statistics() }
}
