// Events of workers: the hot path of the ledger. One dictionary look-up, a few words of the head, one mutation, one notice.

import MillstreamJSON
import MillstreamJournal

extension JobLedger {
    /// An event of the worker that holds the run. One of a given-up run is dropped: another attempt may be writing already.
    func emit(_ event: DraftEvent, from run: JobRun) {
        guard let entry = holder(of: run) else { return }
        take(event, for: entry, publication: nil)
    }

    /// An event of a job's worker, inside or outside, with what it means for the job.
    func take(_ event: DraftEvent, for entry: LedgerEntry, publication: Publication?) {
        switch WorkerEventKind(event.name) {
        case .refused: return
        case .plain: break
        case .result:
            change(entry)
            entry.record.result = StoredValue(event.data)
            draft.tell(.refreshed(entry.snapshot), of: entry)
        case .inputRequired where entry.record.state == .inProgress:
            change(entry)
            entry.record.state = .inputRequired
            draft.tellState(of: entry)
        case .inputRequired: break
        }
        append(event.name, event.data, to: entry, publication: publication)
        guard let progress = ProgressMember.value(in: event.data) else { return }
        entry.head.progress = progress
        draft.noteProgress(of: entry)
    }

    /// Gives the event its number.
    func append(_ name: String, _ data: JSONText, to log: LedgerLog, publication: Publication? = nil) {
        touch(log)
        log.head.lastSequence += 1
        log.head.logBytes += Int64(data.bytes.count)
        let event = EventRecord(sequence: log.head.lastSequence, name: name, data: data, time: now.wall)
        draft.add(event, to: log, publication: publication)
        if retention.isOvergrown(log.head) { noteGrowth(of: log) }
    }

    /// An event of a worker to a channel; dropped when there are too many channels.
    func emit(_ event: DraftEvent, toChannel name: String) throws(JournalError) {
        if case .refused = WorkerEventKind(event.name) { return }
        guard ChannelName.isValid(name), let channel = try openChannel(name) else { return }
        append(event, to: channel)
    }

    func append(_ event: DraftEvent, to channel: ChannelEntry) {
        touch(channel)
        draft.reserveRecord(of: channel)
        channel.lastPublishedMs = now.monotonicMs
        append(event.name, event.data, to: channel)
    }

    /// The channel of that name, loaded or made; nil when one more would be too many.
    func openChannel(_ name: String) throws(JournalError) -> ChannelEntry? {
        if let channel = channels[name] { return channel }
        let channel: ChannelEntry
        if !memory.removedChannels.contains(name), let stored = try store.channel(name) {
            channel = ChannelEntry(stored, nowMs: now.monotonicMs)
        } else {
            guard counters.channelCount < limits.maxChannels else {
                draft.reach(.channels)
                return nil
            }
            counters.channelCount += 1
            counters.lastRef += 1
            let record = ChannelRecord(
                ref: LogRef(counters.lastRef), name: name, epoch: RandomNames.epoch(using: &random), createdAt: now.wall
            )
            channel = ChannelEntry(record, nowMs: now.monotonicMs)
        }
        undo.steps.append(.openedChannel(channel))
        channels[name] = channel
        return channel
    }
}
