import Glibc

/// Files of /proc, and sizes of others: read whole, at once, without a stream in between. What cannot be read is nil: the process has gone.
enum ProcFile {
    static func text(_ path: String) -> String? {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16_384) { buffer in
            var count = 0
            while count < buffer.count, let base = buffer.baseAddress {
                let got = read(fd, base + count, buffer.count - count)
                if got <= 0 { break }
                count += got
            }
            return count > 0 ? String(decoding: UnsafeBufferPointer(rebasing: buffer[..<count]), as: UTF8.self) : nil
        }
    }

    static func names(_ directory: String) -> [String] {
        guard let listing = opendir(directory) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    /// Entries of a directory of descriptors: Linux tells it as the directory's size; older ones have to be asked for each.
    static func descriptors(_ pid: Int32) -> Int {
        let path = "/proc/\(pid)/fd"
        var facts = stat()
        guard stat(path, &facts) == 0 else { return 0 }
        return facts.st_size > 0 ? Int(facts.st_size) : names(path).count
    }

    /// 0 when there is no such file.
    static func size(_ path: String) -> Int {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
    }

    /// The number behind `Name:` in a file of such lines, in its own unit.
    static func number(_ name: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return Int(line.dropFirst(name.count).drop { $0 == " " || $0 == "\t" }.prefix { $0.isNumber })
        }
        return nil
    }
}
