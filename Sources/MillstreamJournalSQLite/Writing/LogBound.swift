// How much may wait in the write-ahead log for its move into the database file. What waits needs as much room again before the
// log's own can be used anew, so on a small or nearly full disk the bounds follow what is free: a log that took the database's
// room would leave both stuck. A value type; the journal's thread only.

import Glibc

struct LogBound {
    /// From here on the checkpointer works, beside the commits; half of what the log is to hold under a steady load. Each round flushes
    /// the disk twice, which commits wait behind, and the pages that a load writes again and again are moved once a round.
    var startBytes = 16 << 20
    /// From here on the writer waits for the disk itself.
    var endBytes = maxLogBytes

    /// So much is moved when the lane has time: what still waits needs room that somebody else may have taken by then.
    static let idleBytes = 4 << 20
    /// Of the log, moved or not, while no reader stands in it.
    static let maxLogBytes = 64 << 20
    /// The checkpointer leaves the writer no more than this, which takes the disk as long as a few commits.
    static let restBytes = 256 << 10

    /// With as much free on the disk. Half of it at most: the log goes on growing while it is moved.
    init(freeBytes: Int) {
        startBytes = min(startBytes, max(Self.restBytes, freeBytes / 4))
        endBytes = min(endBytes, max(2 * Self.restBytes, freeBytes / 2))
    }

    /// On the disk of that file, which is asked (1 us).
    init(path: String) {
        var disk = statvfs()
        guard statvfs(path, &disk) == 0 else {
            self.init(freeBytes: .max)
            return
        }
        let free = UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize))
        self.init(freeBytes: free.overflow ? .max : Int(clamping: free.partialValue))
    }
}
