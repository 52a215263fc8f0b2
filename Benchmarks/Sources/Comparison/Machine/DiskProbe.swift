import Foundation
import Glibc

/// What one `fdatasync` costs where the servers' data is: no durable figure can be read without it.
package struct DiskProbe: Codable, Sendable, Equatable {
    /// Appends of 4 KiB, each followed by fdatasync.
    package var count: Int
    package var p50Us: Double
    package var p99Us: Double
    /// `ext4`, `xfs` …; nil where the kernel does not name it, and in files from before it was asked.
    package var fileSystem: String?

    /// Writes and removes one file in the directory.
    package static func measure(in directory: URL, count: Int) throws -> DiskProbe {
        let path = directory.appendingPathComponent("fdatasync-probe").path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RunnerError("cannot write in \(directory.path): \(errorText(errno))") }
        defer {
            close(descriptor)
            unlink(path)
        }
        let block = [UInt8](repeating: 0x5A, count: 4096)
        var times: [Double] = []
        for _ in 0..<count {
            let start = ContinuousClock.now
            guard write(descriptor, block, block.count) == block.count, fdatasync(descriptor) == 0 else {
                throw RunnerError("cannot write in \(directory.path): \(errorText(errno))")
            }
            times.append((ContinuousClock.now - start).microseconds)
        }
        guard let p50 = quantile(0.5, of: times), let p99 = quantile(0.99, of: times) else {
            throw RunnerError("the disk probe needs a count of at least 1")
        }
        return DiskProbe(count: count, p50Us: p50, p99Us: p99, fileSystem: FileSystem.name(under: directory))
    }
}

extension Duration {
    package var microseconds: Double {
        Double(components.seconds) * 1e6 + Double(components.attoseconds) / 1e12
    }
}
