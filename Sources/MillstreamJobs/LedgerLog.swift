// A log as the ledger holds it: the head that each event moves, and where the present batch has put its events. Journal lane
// only. What an event changes is apart from the rest of a job, so that an event costs a few words and no copy of a record.

import MillstreamJournal

/// What each event changes.
struct LogHead: Hashable {
    /// The last event's number; 0 when there is none.
    var lastSequence: Int64 = 0
    /// Events up to this one were taken by retention.
    var trimmedThrough: Int64 = 0
    /// Bytes of data in the log, trimmed ones not counted.
    var logBytes: Int64 = 0
    /// A job's progress, 0 to 100.
    var progress: Double?

    var eventCount: Int64 { lastSequence - trimmedThrough }
}

extension LogHead {
    init(of record: JobRecord) {
        self.init(
            lastSequence: record.lastSequence, trimmedThrough: record.trimmedThrough, logBytes: record.logBytes,
            progress: record.progress)
    }
}

/// The log of a job or a channel.
class LedgerLog {
    final let ref: LogRef
    final let name: LogName
    final let epoch: Epoch
    final var head = LogHead()

    // Of the batch with number `batch`; without meaning in any other.
    final var batch: UInt64 = 0
    /// The run of events in the batch's notices that further events join; -1 for none.
    final var openRun = -1
    /// The place of its `insertJob`, `updateJob` or `putChannel` among the batch's mutations; -1 for none.
    final var mutationIndex = -1
    /// The notice that told of its entry into the queue, while nothing was told after it; -1 for none.
    final var queuedNotice = -1
    /// The place of the head before the batch in the undo log.
    final var undoIndex = -1
    /// Whether it waits to be trimmed.
    final var isOvergrown = false

    init(ref: LogRef, name: LogName, epoch: Epoch) {
        self.ref = ref
        self.name = name
        self.epoch = epoch
    }
}

/// A channel.
final class ChannelEntry: LedgerLog {
    let channel: String
    let createdAt: Timestamp
    /// When this process last saw an event for it, in monotonic milliseconds: tells an idle channel from a busy one.
    var lastPublishedMs: Int64

    init(_ record: ChannelRecord, nowMs: Int64) {
        channel = record.name
        createdAt = record.createdAt
        lastPublishedMs = nowMs
        super.init(ref: record.ref, name: .channel(record.name), epoch: record.epoch)
        head = LogHead(
            lastSequence: record.lastSequence, trimmedThrough: record.trimmedThrough, logBytes: record.logBytes)
    }

    var record: ChannelRecord {
        var record = ChannelRecord(ref: ref, name: channel, epoch: epoch, createdAt: createdAt)
        record.lastSequence = head.lastSequence
        record.trimmedThrough = head.trimmedThrough
        record.logBytes = head.logBytes
        return record
    }
}
