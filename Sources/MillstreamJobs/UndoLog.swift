// What a batch did to the ledger, so that it can be taken back when the store refuses it. Journal lane only. Steps are undone in
// reverse; each job is saved once per batch, before its first change. Heads are saved beside them.

import MillstreamJournal

enum UndoStep {
    case inserted(LedgerEntry)
    case removed(LedgerEntry)
    indirect case changed(LedgerEntry, JobRecord, Stage)
    case tookPlace(RunKey)
    case leftPlace(RunKey, KindLane)
    /// Loaded from the store, or made; both are forgotten.
    case openedChannel(ChannelEntry)
    case closedChannel(ChannelEntry)
    case declared(KindLane, JobKind?)
}

/// Values of the ledger that are saved whole at the begin of each batch.
struct LedgerCounters: Hashable {
    var lastRef: Int64 = 0
    var lastQueueOrder: Int64 = 0
    var channelCount = 0
    var isDraining = false
    var sweep = SweepPosition()
    /// Whether a round of the sweep has seen all logs in the store since the start.
    var hasSeenLogs = false
}

struct UndoLog {
    var steps: ContiguousArray<UndoStep> = []
    /// Logs that the batch has touched, and their heads before that.
    var touched: ContiguousArray<(log: LedgerLog, head: LogHead)> = []
    /// As they were when the batch began.
    var counters = LedgerCounters()

    /// The batch is over, one way or the other.
    mutating func clear(counters: LedgerCounters) {
        steps.removeAll(keepingCapacity: steps.count < 4096)
        touched.removeAll(keepingCapacity: touched.count < 4096)
        self.counters = counters
    }
}
