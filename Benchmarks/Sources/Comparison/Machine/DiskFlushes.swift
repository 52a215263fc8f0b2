import CComparison
import Foundation
import Glibc

// How long the disk itself took for a flush while a server was measured, as the kernel counts it for the whole device. A durable
// event is shown after a flush: one that takes the host of a virtual disk 400 ms makes that event 400 ms late whatever the server does.

/// Flushes that a device has finished since the machine began (Linux, Documentation/block/stat.rst: fields 16 and 17).
package struct FlushCount: Sendable, Equatable {
    package let flushes: UInt64
    package let milliseconds: UInt64

    /// Of a block device's `stat` file; nil without flush fields (before Linux 5.5).
    package init?(_ statistics: String) {
        let fields = statistics.split(whereSeparator: \.isWhitespace).map { UInt64($0) }
        guard fields.count >= 17, let flushes = fields[15], let milliseconds = fields[16] else { return nil }
        self.flushes = flushes
        self.milliseconds = milliseconds
    }

    /// Milliseconds that a flush took on average since `earlier`; nil when none ended.
    package func mean(since earlier: FlushCount) -> Double? {
        guard flushes > earlier.flushes, milliseconds >= earlier.milliseconds else { return nil }
        return Double(milliseconds - earlier.milliseconds) / Double(flushes - earlier.flushes)
    }
}

/// Reads the count twenty times a second, on a thread of its own, from `init` to ``slowestMs()``. Reading asks nothing of the disk.
///
/// The kernel keeps a number and a sum of times, so that the mean of all flushes is exact to a millisecond by their number; it keeps no
/// percentile, and those of the means of short times would be of something else.
final class DiskFlushes {
    private let path: String
    private let first: FlushCount
    private let desk = Desk()
    private let thread: Thread

    private final class Desk: @unchecked Sendable {
        // Sendable: with `lock` held only.
        private let lock = NSLock()
        private var slowest: Double?
        private var isOver = false

        func note(_ mean: Double) { lock.withLock { slowest = max(slowest ?? 0, mean) } }
        func end() { lock.withLock { isOver = true } }
        var ended: Bool { lock.withLock { isOver } }
        var worst: Double? { lock.withLock { slowest } }
    }

    /// Of the disk that the directory is on; nil where the kernel has no such count of it (a file system in memory or over a network).
    init?(of directory: URL) {
        guard let path = Self.statistics(of: directory), let first = Self.count(path) else { return nil }
        self.path = path
        self.first = first
        thread = Thread { [desk] in
            var last = first
            while !desk.ended {
                usleep(50_000)
                guard let now = Self.count(path) else { continue }
                if let mean = now.mean(since: last) { desk.note(mean) }
                last = now
            }
        }
        thread.start()
    }

    deinit { desk.end() }

    /// The largest mean of a twentieth of a second in which flushes ended, ms: a flush that takes longer ends alone in its. Nil when
    /// there was none.
    func slowestMs() -> Double? { desk.worst }

    /// What a flush took on average since `init`, ms; nil when none ended.
    func meanMs() -> Double? { Self.count(path)?.mean(since: first) }

    private static func count(_ path: String) -> FlushCount? { ProcessTable.text(path).flatMap { FlushCount($0) } }

    /// The kernel counts flushes for whole disks only.
    private static func statistics(of directory: URL) -> String? {
        var major: UInt32 = 0
        var minor: UInt32 = 0
        guard comparison_device_of(directory.path, &major, &minor) == 0 else { return nil }
        let device = "/sys/dev/block/\(major):\(minor)"
        let isPartition = FileManager.default.fileExists(atPath: "\(device)/partition")
        return isPartition ? "\(device)/../stat" : "\(device)/stat"
    }
}
