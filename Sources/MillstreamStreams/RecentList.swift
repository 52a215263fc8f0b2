// Which log's recent events go first when there are too many: the log whose newest event is oldest. A linked list, every step O(1).
// The links lie side by side here and not in the logs: a log's neighbours in the list are any other logs, and to change a link in
// them would fetch two cold objects for each event. Loop-confined; knows logs by their place in the table.

/// The sum of recent bytes over all logs, and the order of their last events.
struct RecentList {
    private struct Link {
        var older = LiveLog.none
        var newer = LiveLog.none
        /// What the log counts for in the sum; 0: it is not in the list.
        var bytes = 0
    }

    private(set) var heldBytes = 0
    private var links: [Link] = []
    private var oldest = LiveLog.none
    private var newest = LiveLog.none

    /// The log got an event, or its text shrank: it is the newest now and counts with its present length.
    mutating func touch(_ log: LiveLog) {
        remove(log)
        guard !log.recent.isEmpty else { return }
        let index = log.index
        while links.count <= Int(index) { links.append(Link()) }
        let bytes = log.recent.heldBytes + LiveLog.overheadBytes
        heldBytes += bytes
        links[Int(index)] = Link(older: newest, newer: LiveLog.none, bytes: bytes)
        if newest == LiveLog.none { oldest = index } else { links[Int(newest)].newer = index }
        newest = index
    }

    mutating func remove(_ log: LiveLog) {
        guard Int(log.index) < links.count, links[Int(log.index)].bytes > 0 else { return }
        let link = links[Int(log.index)]
        heldBytes -= link.bytes
        links[Int(log.index)] = Link()
        if link.older == LiveLog.none { oldest = link.newer } else { links[Int(link.older)].newer = link.newer }
        if link.newer == LiveLog.none { newest = link.older } else { links[Int(link.newer)].older = link.older }
    }

    /// Looks at a log's links. What it returns tells nothing.
    @inline(__always)
    func glance(_ index: UInt32) -> UInt {
        Int(index) < links.count ? UInt(links[Int(index)].newer) : 0
    }

    /// The log to forget first.
    func oldest(in logs: [LiveLog?]) -> LiveLog? { oldest == LiveLog.none ? nil : logs[Int(oldest)] }
}
