// Retention by count and bytes: logs that have outgrown their bounds lose their oldest events. The sizes of what goes are read
// from the store, so that `logBytes` stays exact; the slack in the bounds makes that one read per many events.

import MillstreamJournal

extension JobLedger {
    /// What of a log is to go, in one bounded read.
    struct Trim {
        var through: Int64
        var bytes: Int64
        /// False when more is to go than was read.
        var isWhole: Bool
    }

    private static let maxEventsPerTrim = 1024
    private static let maxBytesPerTrim = 4 << 20

    func noteGrowth(of log: LedgerLog) {
        guard !log.isOvergrown else { return }
        log.isOvergrown = true
        overgrown.append(log)
    }

    /// Whether the log is that of a live job or a channel in use.
    func isHeld(_ log: LedgerLog) -> Bool {
        switch log.name {
        case .job: entries[log.ref] === log
        case .channel(let name): channels[name] === log
        }
    }

    func trimOvergrown(_ steps: inout Int) throws(JournalError) {
        // Each log once: what one read left waits for the next call.
        for _ in 0..<overgrown.count where steps > 0 {
            guard let log = overgrown.first else { return }
            steps -= 1
            let isDone = try trimToBounds(log)
            overgrown.removeFirst()
            log.isOvergrown = false
            if !isDone { noteGrowth(of: log) }
        }
    }

    private func trimToBounds(_ log: LedgerLog) throws(JournalError) -> Bool {
        guard isHeld(log) else { return true }
        let byCount = log.head.lastSequence - retention.maxEventsPerLog
        let excessBytes = log.head.logBytes - retention.maxBytesPerLog
        let trim = try planTrim(of: log.ref, after: log.head.trimmedThrough, last: log.head.lastSequence) {
            $0.sequence <= byCount || $1 < excessBytes
        }
        guard let trim else { return true }
        draft.reach(byCount > log.head.trimmedThrough ? .eventsPerLog : .bytesPerLog)
        apply(trim, to: log)
        return trim.isWhole
    }

    /// Reads the oldest events and takes them as long as `takes` (event, bytes taken before it) says so; never the last one.
    func planTrim(
        of ref: LogRef, after trimmed: Int64, last: Int64, _ takes: (EventRecord, Int64) -> Bool
    ) throws(JournalError) -> Trim? {
        let page = try store.events(
            of: ref, after: trimmed, limit: Self.maxEventsPerTrim, maxBytes: Self.maxBytesPerTrim)
        var trim = Trim(through: trimmed, bytes: 0, isWhole: false)
        for event in page {
            guard event.sequence < last, takes(event, trim.bytes) else {
                trim.isWhole = true
                break
            }
            trim.through = event.sequence
            trim.bytes += Int64(event.data.bytes.count)
        }
        return trim.through > trimmed ? trim : nil
    }

    func apply(_ trim: Trim, to log: LedgerLog) {
        touch(log)
        log.head.trimmedThrough = trim.through
        log.head.logBytes = max(0, log.head.logBytes - trim.bytes)
        if let entry = log as? LedgerEntry {
            draft.reserveRecord(of: entry)
        } else if let channel = log as? ChannelEntry {
            draft.reserveRecord(of: channel)
        }
        draft.add(.trim(log.ref, through: trim.through))
        draft.tell(.trimmed(log.name, log.ref, through: trim.through), of: log)
    }
}
