import Glibc
import MillstreamLoop

// How far a program of ours has read a file, as the kernel tells it (`/proc/PID/fdinfo`). Read-only; any thread.

final class FilePosition: Sendable {
    private let path: String
    private let pid = Locked<Int32?>(nil)

    init(path: String) {
        self.path = path
    }

    /// From now on, this program's position.
    func watch(pid number: Int32) {
        pid.withLock { $0 = number }
    }

    /// 0 to 1; nil while the program does not have the file open.
    func share() -> Double? {
        var status = stat()
        guard let pid = pid.withLock({ $0 }), stat(path, &status) == 0, status.st_size > 0 else { return nil }
        // Programs open their input early: its number is small.
        for descriptor in 3..<16 where Self.target("/proc/\(pid)/fd/\(descriptor)") == path {
            return Self.position("/proc/\(pid)/fdinfo/\(descriptor)").map { min(1, $0 / Double(status.st_size)) }
        }
        return nil
    }

    private static func target(_ link: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(link, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    /// The first line is `pos:	NUMBER`.
    private static func position(_ file: String) -> Double? {
        guard let stream = fopen(file, "re") else { return nil }
        defer { fclose(stream) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), stream) != nil else { return nil }
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard text.hasPrefix("pos:") else { return nil }
        return Double(text.dropFirst(4).filter { $0.isNumber })
    }
}
