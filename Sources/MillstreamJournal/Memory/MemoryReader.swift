// The reading half of the memory store. Holds the same box as the store; each call takes its lock once, so it sees whole batches.

/// Reads a ``MemoryStore`` from another thread. One thread at a time; the lock it shares with the store is held for one call.
public class MemoryReader: JournalReading {
    let box: LockedBox<MemoryState>

    init(_ box: LockedBox<MemoryState>) {
        self.box = box
    }

    func read<Answer>(_ answer: (MemoryState) -> Answer) throws(JournalError) -> Answer {
        try box.withLock { state throws(JournalError) in
            guard !state.isClosed else { throw JournalError(.closed, "the memory store is closed") }
            return answer(state)
        }
    }

    public func job(_ id: JobID) throws(JournalError) -> JobRecord? {
        try read { $0.job(id) }
    }

    public func job(ref: LogRef) throws(JournalError) -> JobRecord? {
        try read { $0.jobs[ref] }
    }

    public func channel(_ name: String) throws(JournalError) -> ChannelRecord? {
        try read { $0.channel(name) }
    }

    public func events(
        of ref: LogRef, after: Int64, limit: Int, maxBytes: Int
    ) throws(JournalError) -> [EventRecord] {
        try read { $0.events(of: ref, after: after, limit: limit, maxBytes: maxBytes) }
    }

    public func sequence(of publication: Publication, in ref: LogRef) throws(JournalError) -> Int64? {
        try read { $0.logs[ref].publications[publication] }
    }

    public func messages(of ref: LogRef, after number: Int, limit: Int) throws(JournalError) -> [MessageRecord] {
        try read { $0.messages(of: ref, after: number, limit: limit) }
    }

    public func idempotency(_ key: String) throws(JournalError) -> IdempotencyRecord? {
        try read { $0.idempotency[key] }
    }

    public func upload(_ id: String) throws(JournalError) -> UploadRecord? {
        try read { $0.uploads[id]?.record }
    }

    public func jobs(_ filter: JobFilter, before: LogRef?, limit: Int) throws(JournalError) -> [JobRecord] {
        try read { $0.jobs(filter, before: before, limit: limit) }
    }

    public func liveJobs(after: LogRef, limit: Int) throws(JournalError) -> [JobRecord] {
        try read { $0.liveJobs(after: after, limit: limit) }
    }

    public func channels(after: LogRef, limit: Int) throws(JournalError) -> [ChannelRecord] {
        try read { $0.channels(after: after, limit: limit) }
    }

    public func jobsFinished(before: Timestamp, limit: Int) throws(JournalError) -> [JobRecord] {
        try read { $0.jobsFinished(before: before, limit: limit) }
    }

    public func unusedUploads(before: Timestamp, limit: Int) throws(JournalError) -> [UploadRecord] {
        try read { $0.unusedUploads(before: before, limit: limit) }
    }

    public func firstEvent(of ref: LogRef) throws(JournalError) -> EventRecord? {
        try read { $0.logs[ref].events.first }
    }

    public func lastSequence(of ref: LogRef, olderThan: Timestamp) throws(JournalError) -> Int64? {
        try read { $0.lastSequence(of: ref, olderThan: olderThan) }
    }

    public func statistics() throws(JournalError) -> JournalStatistics {
        try read { $0.statistics }
    }
}
