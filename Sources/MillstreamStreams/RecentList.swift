// Which log's recent events go first when there are too many: the log whose newest event is oldest. An intrusive list, every
// step O(1). Loop-confined; holds no reference, the logs' table is handed in.

/// The sum of recent bytes over all logs, and the order of their last events.
struct RecentList {
    private(set) var heldBytes = 0
    private var oldest = LiveLog.none
    private var newest = LiveLog.none

    /// The log got an event, or its text shrank: it is the newest now and counts with its present length.
    mutating func touch(_ log: LiveLog, in logs: [LiveLog?]) {
        remove(log, in: logs)
        guard !log.recent.isEmpty else { return }
        log.countedBytes = log.recent.heldBytes + LiveLog.overheadBytes
        heldBytes += log.countedBytes
        log.isListed = true
        log.older = newest
        log.newer = LiveLog.none
        if newest == LiveLog.none { oldest = log.index } else { logs[Int(newest)]?.newer = log.index }
        newest = log.index
    }

    mutating func remove(_ log: LiveLog, in logs: [LiveLog?]) {
        guard log.isListed else { return }
        heldBytes -= log.countedBytes
        log.countedBytes = 0
        log.isListed = false
        if log.older == LiveLog.none { oldest = log.newer } else { logs[Int(log.older)]?.newer = log.newer }
        if log.newer == LiveLog.none { newest = log.older } else { logs[Int(log.newer)]?.older = log.older }
        log.older = LiveLog.none
        log.newer = LiveLog.none
    }

    /// The log to forget first.
    func oldest(in logs: [LiveLog?]) -> LiveLog? { oldest == LiveLog.none ? nil : logs[Int(oldest)] }
}
