// How much may wait in the write-ahead log for its move into the database file. What waits needs as much room again before the
// log's own can be used anew, so on a small or nearly full disk the bound follows what is free: a log that took the database's
// room would leave both stuck. A value type; the journal's thread only.

import Glibc

struct LogBound {
    /// Moved when so much waits and the disk has room.
    static let checkpointBytes = 8 << 20
    /// Less is not worth a checkpoint however full the disk is; also from one look at the disk to the next.
    private static let stepBytes = 256 << 10

    private let directory: String
    private var lookAt = stepBytes
    private var lastBytes = 0

    init(path: String) {
        directory = path
    }

    /// Whether what waits is to be moved now. Asked after each commit; looks at the disk (1 us) once per 256 KiB, and says yes no
    /// more often than that, so that a move that fails is not tried with each commit.
    mutating func isReached(by waitingBytes: Int) -> Bool {
        if waitingBytes < lastBytes { lookAt = Self.stepBytes }
        lastBytes = waitingBytes
        guard waitingBytes >= lookAt else { return false }
        lookAt = waitingBytes + Self.stepBytes
        return waitingBytes >= present()
    }

    /// The bound as the disk is now.
    func present() -> Int { Self.bound(freeBytes: freeBytes()) }

    /// Half of what is free: the log goes on growing while it is moved.
    static func bound(freeBytes: Int) -> Int {
        min(checkpointBytes, max(stepBytes, freeBytes / 2))
    }

    private func freeBytes() -> Int {
        var disk = statvfs()
        guard statvfs(directory, &disk) == 0 else { return .max }
        return Int(clamping: UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize)).partialValue)
    }
}
