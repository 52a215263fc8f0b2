// How a job comes into being: once per idempotency key, under one name at a time, within the queue's bound.

import MillstreamJSON
import MillstreamJournal

extension JobLedger {
    func create(_ job: NewJob) throws(JournalError) -> LedgerReply {
        // A repeated key is answered first: the job is there, whatever has become of its kind or of the queue since.
        if let key = job.idempotency, let reply = try replyToRepeated(key) { return reply }
        guard let lane = lanes[job.kind], lane.declared != nil else { return .refused(.unknownKind(job.kind)) }
        guard !isDraining else { return .refused(.draining) }
        if let id = job.id, entriesByID[id] != nil { return .refused(.idInUse(id)) }
        if let missing = try missingUpload(in: job.uploads) { return .refused(.unknownUpload(missing)) }
        let isDue = job.runAt.map { $0 <= now.wall } ?? true
        let startsNow = isDue && lane.hasFreePlace && lane.ready.isEmpty
        guard startsNow || waitingCount < limits.maxQueuedJobs else {
            draft.reach(.queuedJobs)
            return .refused(.queueFull(limit: limits.maxQueuedJobs))
        }
        if let id = job.id, let ended = try endedRun(under: id) { tellReplaced(ended) }
        let entry = insert(job, lane: lane)
        admit(entry, runAt: isDue ? nil : job.runAt, startsNow: startsNow, input: job.input)
        var record = entry.snapshot
        if record.input.text == nil { record.input = StoredValue(job.input) }
        return .job(record, isNew: true)
    }

    /// The answer to a key that made a job before; nil when it did not, or when the key or that job is gone.
    private func replyToRepeated(_ key: IdempotencyKey) throws(JournalError) -> LedgerReply? {
        var known = memory.idempotency[key.key]
        if known == nil { known = try store.idempotency(key.key) }
        guard let known, known.createdAt.adding(milliseconds: LedgerLimits.idempotencyAgeMs) > now.wall else {
            return nil
        }
        if let entry = entries[known.ref] {
            guard known.fingerprint == key.fingerprint else { return .refused(.idempotencyMismatch) }
            return .job(try loadedRecord(of: entry), isNew: false)
        }
        guard let ended = try endedRun(known.ref, under: known.job) else { return nil }
        guard known.fingerprint == key.fingerprint else { return .refused(.idempotencyMismatch) }
        return .job(ended, isNew: false)
    }

    private func insert(_ job: NewJob, lane: KindLane) -> LedgerEntry {
        counters.lastRef += 1
        counters.lastQueueOrder += 1
        let id = job.id ?? RandomNames.jobID(at: now.wall, using: &random)
        var record = JobRecord(
            ref: LogRef(counters.lastRef), id: id, kind: job.kind,
            input: StoredValue(job.input).held(upTo: LedgerLimits.maxHeldInputBytes),
            epoch: RandomNames.epoch(using: &random), createdAt: now.wall)
        record.owner = job.owner
        record.viewers = job.viewers
        record.priority = min(max(job.priority, -100), 100)
        record.runAt = job.runAt
        record.timeoutMs = job.timeoutMs
        record.uploads = job.uploads
        record.queueOrder = counters.lastQueueOrder
        let entry = LedgerEntry(record, lane: lane)
        insert(entry)
        entry.isNew = true
        entry.freshInput = job.input
        memory.fresh.append(entry)
        draft.reserveRecord(of: entry)
        use(job.uploads, for: entry.ref)
        if let key = job.idempotency { remember(key, of: entry) }
        return entry
    }

    private func remember(_ key: IdempotencyKey, of entry: LedgerEntry) {
        let made = IdempotencyRecord(
            key: key.key, fingerprint: key.fingerprint, job: entry.id, ref: entry.ref, createdAt: now.wall)
        memory.idempotency[key.key] = made
        draft.add(.putIdempotency(made))
    }

    /// A job that may start at once never enters the queue: the commit that makes it known also starts it.
    private func admit(_ entry: LedgerEntry, runAt: Timestamp?, startsNow: Bool, input: JSONText) {
        if startsNow { return begin(entry, input: input, messages: []) }
        if let runAt {
            entry.record.state = .scheduled
            entry.record.dueAt = runAt
            move(entry, to: .scheduled(runAt))
        } else {
            move(entry, to: .ready)
        }
        draft.tellState(of: entry)
    }

    // MARK: Runs that ended under a name

    /// The run of this id that has ended, as the store and this batch know it.
    func endedRun(under id: JobID) throws(JournalError) -> JobRecord? {
        if let ended = memory.ended[id] { return ended }
        guard let stored = try store.job(id), !memory.goneLogs.contains(stored.ref) else { return nil }
        return stored
    }

    private func endedRun(_ ref: LogRef, under id: JobID) throws(JournalError) -> JobRecord? {
        if let ended = memory.ended[id], ended.ref == ref { return ended }
        guard !memory.goneLogs.contains(ref) else { return nil }
        return try store.job(ref: ref)
    }

    /// The store gives the name to the new run by itself; the loop has to be told that the old log is gone.
    private func tellReplaced(_ ended: JobRecord) {
        memory.ended[ended.id] = nil
        memory.goneLogs.insert(ended.ref)
        draft.tell(.removed(.job(ended.id), ended.ref))
    }

    // MARK: Inputs and uploads

    /// The record with its whole input, for an answer.
    func loadedRecord(of entry: LedgerEntry) throws(JournalError) -> JobRecord {
        var record = entry.snapshot
        if let input = try inputText(of: entry) { record.input = StoredValue(input) }
        return record
    }

    /// From memory, or from the store when it is long; nil when the store has lost it.
    func inputText(of entry: LedgerEntry) throws(JournalError) -> JSONText? {
        if let text = entry.freshInput ?? entry.record.input.text { return text }
        return try store.job(ref: entry.ref)?.input.text
    }

    func missingUpload(in ids: [String]) throws(JournalError) -> String? {
        for id in ids where !memory.uploads.contains(id) {
            if memory.removedUploads.contains(id) { return id }
            if try store.upload(id) == nil { return id }
        }
        return nil
    }

    func use(_ uploads: [String], for ref: LogRef) {
        for id in uploads {
            memory.usedUploads.insert(id)
            draft.add(.useUpload(id, ref))
        }
    }
}
