// Retention by count and bytes: logs that have outgrown their bounds lose their oldest events. The sizes of what goes are read
// from the store, so that `logBytes` stays exact; the slack in the bounds makes that one read per many events. Whoever adds pays:
// a batch takes twice what it added to a log that is too long, so that no rate outruns the removal.
//
//   an eighth beyond a bound      noted by the event that goes beyond, trimmed by `advance` from then on until it is in its bounds
//   beyond a bound, quiet         found by the sweep: a job or channel in memory in each round
//   beyond a bound, ended         noted by its end; one whose trimming the process did not live to see, by the first round of the next

import MillstreamJournal

extension JobLedger {
    /// What of a log is to go, in one bounded read.
    struct Trim {
        var through: Int64
        var bytes: Int64
        /// False when more is to go than was read.
        var isWhole: Bool
    }

    /// A run that ended with a log beyond its bounds.
    struct EndedLog {
        let ref: LogRef
        let id: JobID
    }

    private static let maxEventsPerRead = 1024
    private static let maxBytesPerRead = 4 << 20
    /// What reading and removing an event costs beside its data, in bytes of data.
    private static let eventWeight: Int64 = 512
    /// What a trim may take when little was added, as long as the batch has it to spare.
    private static let minWeightPerTrim: Int64 = 1 << 20

    func noteGrowth(of log: LedgerLog) {
        guard !log.isOvergrown else { return }
        log.isOvergrown = true
        overgrown.append(log)
    }

    /// The job has ended, or is found ended in the store: `advance` trims its log, once the store has all of it.
    func noteEnded(_ record: JobRecord) {
        let head = LogHead(of: record)
        guard retention.isExceeded(by: head) else { return }
        overgrownEnded.append(EndedLog(ref: record.ref, id: record.id))
    }

    /// Logs in memory that are beyond a bound without having reached what starts a trim, and may never.
    func noteExcess() {
        for entry in entries.values where retention.isExceeded(by: entry.head) { noteGrowth(of: entry) }
        for channel in channels.values where retention.isExceeded(by: channel.head) { noteGrowth(of: channel) }
    }

    /// Whether the log is that of a live job or a channel in use.
    func isHeld(_ log: LedgerLog) -> Bool {
        switch log.name {
        case .job: entries[log.ref] === log
        case .channel(let name): channels[name] === log
        }
    }

    func trimOvergrown(_ steps: inout Int) throws(JournalError) {
        // Each log once: what one trim left waits for the next call.
        for _ in 0..<overgrown.count where steps > 0 {
            guard let log = overgrown.first else { return }
            steps -= 1
            let isDone = isHeld(log) ? try trimToBounds(log) : true
            overgrown.removeFirst()
            log.isOvergrown = false
            if !isDone { noteGrowth(of: log) }
        }
        for _ in 0..<overgrownEnded.count where steps > 0 && memory.spareTrimWeight > 0 {
            guard let ended = overgrownEnded.first else { return }
            steps -= 1
            let isDone = try trimToBounds(ended)
            overgrownEnded.removeFirst()
            if !isDone { overgrownEnded.append(ended) }
        }
    }

    private func trimToBounds(_ ended: EndedLog) throws(JournalError) -> Bool {
        // A batch that was taken back may have left it living.
        guard entries[ended.ref] == nil, !memory.goneLogs.contains(ended.ref) else { return true }
        // The record is read from the store, which has to know what the batch did to it first.
        guard memory.ended[ended.id]?.ref != ended.ref, !memory.trimmedEnded.contains(ended.ref) else { return false }
        guard let record = try store.job(ref: ended.ref), record.state.isTerminal else { return true }
        return try trimToBounds(LedgerEntry(record, lane: lane(named: record.kind)))
    }

    /// False when more of this log is to go than one trim takes, or than is stored yet.
    func trimToBounds(_ log: LedgerLog) throws(JournalError) -> Bool {
        guard retention.isExceeded(by: log.head) else { return true }
        guard mayTrim(log) else { return false }
        let byCount = log.head.lastSequence - retention.maxEventsPerLog
        let excessBytes = log.head.logBytes - retention.maxBytesPerLog
        let trim = try planTrim(of: log, last: log.head.lastSequence) { $0.sequence <= byCount || $1 < excessBytes }
        // All that is stored has gone already, and more comes with this batch.
        guard let trim else { return log.head.trimmedThrough < storedHead(of: log).lastSequence || !hasGrown(log) }
        draft.reach(byCount > log.head.trimmedThrough ? .eventsPerLog : .bytesPerLog)
        apply(trim, to: log)
        return trim.isWhole || !retention.isExceeded(by: log.head)
    }

    /// Reads the oldest events and takes them as long as `takes` (event, bytes taken before it) says so; never that with number `last`
    /// or a later one, and none of the present batch.
    func planTrim(
        of log: LedgerLog, last: Int64, _ takes: (EventRecord, Int64) -> Bool
    ) throws(JournalError) -> Trim? {
        let stored = storedHead(of: log)
        let added = Self.weight(
            events: log.head.lastSequence - stored.lastSequence, bytes: log.head.logBytes - stored.logBytes)
        let maxWeight = max(min(Self.minWeightPerTrim, memory.spareTrimWeight), 2 * added)
        let trimmed = log.head.trimmedThrough
        var trim = Trim(through: trimmed, bytes: 0, isWhole: false)
        while !trim.isWhole, trim.through < stored.lastSequence,
            Self.weight(events: trim.through - trimmed, bytes: trim.bytes) < maxWeight
        {
            let page = try store.events(
                of: log.ref, after: trim.through, limit: Self.maxEventsPerRead, maxBytes: Self.maxBytesPerRead)
            // A damaged store may lack what the head promises; that is not waited for.
            trim.isWhole = page.isEmpty
            for event in page {
                guard event.sequence < last, takes(event, trim.bytes) else {
                    trim.isWhole = true
                    break
                }
                trim.through = event.sequence
                trim.bytes += Int64(event.data.bytes.count)
            }
        }
        memory.spareTrimWeight -= max(
            0, Self.weight(events: trim.through - trimmed, bytes: trim.bytes) - 2 * added)
        return trim.through > trimmed ? trim : nil
    }

    /// Not when many logs had their turns in this batch: its commit must not take long because they are many.
    func mayTrim(_ log: LedgerLog) -> Bool { memory.spareTrimWeight > 0 || hasGrown(log) }

    private static func weight(events: Int64, bytes: Int64) -> Int64 { events * eventWeight + max(0, bytes) }

    /// As the store has it: without what the present batch did.
    private func storedHead(of log: LedgerLog) -> LogHead {
        log.batch == batch ? undo.touched[log.undoIndex].head : log.head
    }

    private func hasGrown(_ log: LedgerLog) -> Bool { log.head.lastSequence > storedHead(of: log).lastSequence }

    func apply(_ trim: Trim, to log: LedgerLog) {
        touch(log)
        log.head.trimmedThrough = trim.through
        log.head.logBytes = max(0, log.head.logBytes - trim.bytes)
        if let entry = log as? LedgerEntry {
            draft.reserveRecord(of: entry)
            if !isHeld(entry) { memory.trimmedEnded.insert(entry.ref) }
        } else if let channel = log as? ChannelEntry {
            draft.reserveRecord(of: channel)
        }
        draft.add(.trim(log.ref, through: trim.through))
        draft.tell(.trimmed(log.name, log.ref, through: trim.through), of: log)
    }
}
