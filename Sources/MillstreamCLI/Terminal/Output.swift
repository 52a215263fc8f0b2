// Standard output and standard error, a line at a time and without a buffer: what is followed live must be seen live.
// One thread.

import Glibc

/// Where a command writes.
enum Output {
    /// The command's result.
    static func out(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    /// Everything that is not its result.
    static func note(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// A failure, with the program's name in front.
    static func fail(_ text: String) { note("millstream: " + text) }

    /// Without a line feed, for what is drawn over.
    static func draw(_ text: String) { write(text, to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count > 0 {
                offset += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
