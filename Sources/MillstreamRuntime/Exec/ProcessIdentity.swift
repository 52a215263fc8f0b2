import Glibc
import MillstreamJournal

// What /proc says about a process: enough to know it again after a restart. Reads small files of the kernel's; any thread.

/// The fields of `/proc/PID/stat` that tell processes apart.
struct ProcessIdentity: Hashable, Sendable {
    let group: Int32
    let session: Int32
    /// Clock ticks after boot.
    let startTicks: UInt64

    /// Nil when there is no such process.
    init?(pid: Int32) {
        guard let text = ProcFile.read("/proc/\(pid)/stat") else { return nil }
        self.init(stat: text)
    }

    /// The second field is the program's name in parentheses and may hold spaces and parentheses itself: count from the last.
    init?(stat: [UInt8]) {
        guard let close = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = stat[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count >= 20, let group = Int32(String(decoding: fields[2], as: UTF8.self)),
            let session = Int32(String(decoding: fields[3], as: UTF8.self)),
            let ticks = UInt64(String(decoding: fields[19], as: UTF8.self))
        else { return nil }
        self.group = group
        self.session = session
        startTicks = ticks
    }

    /// Tells this boot of the machine from others; empty when the kernel does not say.
    static let bootID: String = {
        guard let text = ProcFile.read("/proc/sys/kernel/random/boot_id") else { return "" }
        return String(decoding: text.prefix { $0 > 0x20 }, as: UTF8.self)
    }()
}

/// Small files of the kernel's, read whole.
enum ProcFile {
    static func read(_ path: String, maxBytes: Int = 64 << 10) -> [UInt8]? {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < maxBytes {
            let count = Glibc.read(fd, &piece, piece.count)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes.append(contentsOf: piece[..<count])
        }
        return bytes
    }
}
