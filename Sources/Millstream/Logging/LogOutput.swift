// The descriptor that lines go to. Owned by the log lane; opened before it starts, opened again by it.

import Glibc

/// Why the log cannot be written.
public struct LogFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public var path: String
    public var reason: String

    public var description: String { "log.file: \(path): \(reason)" }
}

/// An open log.
struct LogOutput {
    private let descriptor: Int32
    private let path: String?

    /// Opens the file for appending, makes it when it is missing; nil for standard error.
    init(path: String?) throws(LogFailure) {
        self.path = path
        guard let path else {
            descriptor = STDERR_FILENO
            return
        }
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
        guard descriptor >= 0 else { throw LogFailure(path: path, reason: String(cString: strerror(errno))) }
    }

    /// Writes all of it; false when the system refused (disk full, pipe closed). May block.
    func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
                if count > 0 {
                    offset += count
                } else if count < 0, errno == EINTR {
                    continue
                } else if count < 0, errno == EAGAIN {
                    // Standard error may be a terminal that somebody else made non-blocking.
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&waiting, 1, 1000)
                } else {
                    return false
                }
            }
            return true
        }
    }

    func close() {
        if path != nil { Glibc.close(descriptor) }
    }
}
