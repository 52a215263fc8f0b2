// A job as the loop knows it, and the list that tells which ended one was wanted longest ago. Loop thread only.

import MillstreamJournal

final class DirectoryEntry {
    var record: JobRecord
    /// Neighbours in the list of ended jobs; the owner of each is the directory.
    weak var newer: DirectoryEntry?
    weak var older: DirectoryEntry?
    var isListed = false

    init(_ record: JobRecord) {
        self.record = record
    }

    enum ByRef: TableKeying {
        static func key(of entry: DirectoryEntry) -> LogRef { entry.ref }
    }

    enum ByID: TableKeying {
        static func key(of entry: DirectoryEntry) -> JobID { entry.record.id }
    }

    var ref: LogRef { record.ref }
    var queueKey: QueueKey? {
        record.state == .queued ? QueueKey(priority: record.priority, order: record.queueOrder) : nil
    }
}

/// Ended jobs by last use. Holds no references: the directory's tables do.
struct RecencyList {
    private weak var newest: DirectoryEntry?
    private(set) weak var oldest: DirectoryEntry?
    private(set) var count = 0

    mutating func use(_ entry: DirectoryEntry) {
        guard newest !== entry else { return }
        remove(entry)
        entry.older = newest
        newest?.newer = entry
        newest = entry
        if oldest == nil { oldest = entry }
        entry.isListed = true
        count += 1
    }

    mutating func remove(_ entry: DirectoryEntry) {
        guard entry.isListed else { return }
        if newest === entry { newest = entry.older }
        if oldest === entry { oldest = entry.newer }
        entry.newer?.older = entry.older
        entry.older?.newer = entry.newer
        entry.newer = nil
        entry.older = nil
        entry.isListed = false
        count -= 1
    }
}
