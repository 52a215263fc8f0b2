// Which log's recent events go first when there are too many: one that got no event for long. To know the very one, each event would
// have to move its log in a list of all, and so to change two others in cold memory. A log has the time of its last event instead, and
// a few that come in turn are compared when room is needed, as Redis does. Loop-confined.

/// The sum of recent bytes over all logs, and the logs that hold them.
struct RecentLogs {
    /// So many are compared; with fewer logs the oldest is found.
    static let sampleCount = 8

    private(set) var heldBytes = 0
    /// Logs with recent events, in no order; each knows its place.
    private var holders: [UInt32] = []
    /// Where the next sample begins.
    private var hand = 0
    /// Counts events of logs, and wraps: a log is taken for younger than it is after four billion of them.
    private var clock: UInt32 = 0

    /// The log got an event, or its text shrank: it is the newest now and counts with its present length.
    mutating func touch(_ log: LiveLog, in logs: [LiveLog?]) {
        guard !log.recent.isEmpty else { return remove(log, in: logs) }
        if log.recentBytes == 0 {
            log.recentPlace = UInt32(holders.count)
            holders.append(log.index)
        }
        let bytes = UInt32(log.recent.heldBytes + LiveLog.overheadBytes)
        heldBytes += Int(bytes) - Int(log.recentBytes)
        log.recentBytes = bytes
        clock &+= 1
        log.recentTouch = clock
    }

    mutating func remove(_ log: LiveLog, in logs: [LiveLog?]) {
        guard log.recentBytes > 0, let last = holders.popLast() else { return }
        heldBytes -= Int(log.recentBytes)
        log.recentBytes = 0
        guard last != log.index else { return }
        holders[Int(log.recentPlace)] = last
        logs[Int(last)]?.recentPlace = log.recentPlace
    }

    /// The log to forget next; nil when none holds anything.
    mutating func oldest(in logs: [LiveLog?]) -> LiveLog? {
        var oldest: LiveLog?
        for _ in 0..<min(Self.sampleCount, holders.count) {
            if hand >= holders.count { hand = 0 }
            if let log = logs[Int(holders[hand])],
                oldest.map({ clock &- $0.recentTouch < clock &- log.recentTouch }) ?? true
            {
                oldest = log
            }
            hand += 1
        }
        return oldest
    }
}
