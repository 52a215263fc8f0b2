// The outcome of a batch while it grows. Journal lane only. It merges as it goes: one record mutation per job and channel, events
// of one log in one notice as long as no other notice of that log stands between them.

import MillstreamJSON
import MillstreamJournal

struct OutcomeDraft {
    private enum Notice {
        case ready(CommitNotice)
        case events(Int)
    }

    private struct EventRun {
        let log: LedgerLog
        var events: [EventRecord]
    }

    /// What the next batch has room for from its begin: it is about as large as the last one, or a small burst whose arrays would grow
    /// step by step; a large burst's memory is given back after it.
    private static func room(after count: Int) -> Int { count == 0 ? 0 : min(max(count, 16), 256) }

    private(set) var mutations: [JournalMutation] = []
    private var notices: ContiguousArray<Notice> = []
    private var runs: ContiguousArray<EventRun> = []
    private var jobs: ContiguousArray<LedgerEntry> = []
    private var channels: ContiguousArray<ChannelEntry> = []
    private var progressed: ContiguousArray<LedgerEntry> = []
    var directives: [WorkerDirective] = []
    var removedUploads: [String] = []
    private var reached: [LedgerBound: Int] = [:]

    mutating func add(_ mutation: JournalMutation) { mutations.append(mutation) }

    /// Keeps a place among the mutations for the job's record; `finish` puts its last state there.
    mutating func reserveRecord(of entry: LedgerEntry) {
        guard reservePlace(of: entry) else { return }
        jobs.append(entry)
    }

    /// The same for a channel's head.
    mutating func reserveRecord(of channel: ChannelEntry) {
        guard reservePlace(of: channel) else { return }
        channels.append(channel)
    }

    private mutating func reservePlace(of log: LedgerLog) -> Bool {
        guard log.mutationIndex < 0 else { return false }
        log.mutationIndex = mutations.count
        // Stands for the record that comes here, and changes nothing by itself.
        mutations.append(.trim(log.ref, through: 0))
        return true
    }

    /// A notice about this log: later events begin a run after it.
    mutating func tell(_ notice: CommitNotice, of log: LedgerLog) {
        log.openRun = -1
        notices.append(.ready(notice))
    }

    /// A notice about a log that is not in memory.
    mutating func tell(_ notice: CommitNotice) { notices.append(.ready(notice)) }

    /// The job is new or has another state. A stay in the queue that ended in the batch in which it began is not told.
    mutating func tellState(of entry: LedgerEntry) {
        let record = entry.snapshot
        entry.hasUntoldProgress = false
        if entry.queuedNotice >= 0 {
            notices[entry.queuedNotice] = .ready(.job(record))
        } else {
            entry.queuedNotice = notices.count
            tell(.job(record), of: entry)
        }
        if record.state != .queued { entry.queuedNotice = -1 }
    }

    mutating func add(_ event: EventRecord, to log: LedgerLog, publication: Publication?) {
        mutations.append(.append(log.ref, event, publication))
        log.queuedNotice = -1
        if log.openRun >= 0 {
            runs[log.openRun].events.append(event)
        } else {
            log.openRun = runs.count
            notices.append(.events(runs.count))
            runs.append(EventRun(log: log, events: [event]))
        }
    }

    mutating func reach(_ bound: LedgerBound) { reached[bound, default: 0] += 1 }

    mutating func noteProgress(of entry: LedgerEntry) {
        guard !entry.hasUntoldProgress else { return }
        entry.hasUntoldProgress = true
        progressed.append(entry)
    }

    /// The finished outcome; the draft is empty after it.
    mutating func finish() -> LedgerOutcome {
        for entry in jobs { mutations[entry.mutationIndex] = Self.mutation(of: entry) }
        for channel in channels { mutations[channel.mutationIndex] = .putChannel(channel.record) }
        var outcome = LedgerOutcome()
        outcome.mutations = mutations
        outcome.notices.reserveCapacity(notices.count + progressed.count)
        for notice in notices {
            switch notice {
            case .ready(let notice): outcome.notices.append(notice)
            case .events(let index):
                let run = runs[index]
                outcome.notices.append(.events(run.log.name, run.log.ref, run.log.epoch, run.events))
            }
        }
        for entry in progressed where entry.hasUntoldProgress {
            entry.hasUntoldProgress = false
            if let progress = entry.head.progress { outcome.notices.append(.progress(entry.id, entry.ref, progress)) }
        }
        outcome.directives = directives
        outcome.removedUploads = removedUploads
        outcome.reached = reached
        let size = (mutations.count, notices.count, runs.count)
        self = OutcomeDraft()
        mutations.reserveCapacity(Self.room(after: size.0))
        notices.reserveCapacity(Self.room(after: size.1))
        runs.reserveCapacity(Self.room(after: size.2))
        return outcome
    }

    private static func mutation(of entry: LedgerEntry) -> JournalMutation {
        var record = entry.snapshot
        guard entry.isNew else { return .updateJob(record) }
        // A short one is there already, and setting it would copy the record's body.
        if record.input.text == nil, let input = entry.freshInput { record.input = StoredValue(input) }
        return .insertJob(record)
    }
}
