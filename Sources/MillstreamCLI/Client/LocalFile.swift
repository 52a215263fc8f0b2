// A file of the user's that is sent piece by piece, or read as a whole when it is small. One thread; blocks on the
// disk.

import Glibc

/// A regular file, or standard input as `-`.
final class LocalFile {
    let name: String
    private let path: String
    private let descriptor: Int32
    let byteCount: Int

    /// Opens it. Directories and devices are refused: their length is not known.
    init(_ path: String) throws(ClientFailure) {
        self.path = path
        name = String(path.split(separator: "/").last ?? "file")
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .noInput("\(path): \(ClientSocket.message(errno))") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .noInput("\(path): is no regular file")
        }
        byteCount = Int(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    /// Hands out exactly `byteCount` bytes, in pieces of at most 64 KiB.
    func forEachPiece(_ body: ([UInt8]) throws(ClientFailure) -> Void) throws(ClientFailure) {
        var left = byteCount
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while left > 0 {
            let count = Self.fill(&buffer, descriptor, atMost: min(left, buffer.count))
            // Its length was promised to the server already.
            guard count > 0 else { throw .noInput("\(path): became shorter while it was sent") }
            try body(Array(buffer[..<count]))
            left -= count
        }
    }

    /// The text of a file, or of standard input for `-`, up to a bound.
    static func contents(of path: String, maxBytes: Int = 64 << 20) throws(ClientFailure) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .noInput("\(path): \(ClientSocket.message(errno))") }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fill(&buffer, descriptor, atMost: buffer.count)
            guard count >= 0 else { throw .noInput("\(path): \(ClientSocket.message(errno))") }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= maxBytes else { throw .noInput("\(path): is longer than \(maxBytes) bytes") }
        }
    }

    private static func fill(_ buffer: inout [UInt8], _ descriptor: Int32, atMost limit: Int) -> Int {
        while true {
            let count = read(descriptor, &buffer, limit)
            if count >= 0 || errno != EINTR { return count }
        }
    }
}
