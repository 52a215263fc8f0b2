// Ctrl-C as something that a poll sees. The handler writes one byte into a pipe; blocking waits watch its other end.

import Glibc

/// The way out of every wait of the client.
enum Interrupts {
    /// The writing end, for the handler: set once before the handler is installed.
    nonisolated(unsafe) private static var writer: Int32 = -1

    /// Readable once SIGINT or SIGTERM came; -1 before ``install()``.
    nonisolated(unsafe) private(set) static var descriptor: Int32 = -1

    /// Takes SIGINT and SIGTERM. Call it on the main thread before anything waits (that protects both variables).
    static func install() {
        guard descriptor < 0 else { return }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = ends[0]
        writer = ends[1]
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = interruptDidArrive
            // A second Ctrl-C ends the process, whatever it hangs in.
            action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
            sigaction(number, &action, nil)
        }
    }

    fileprivate static func mark() {
        let saved = errno
        var byte: UInt8 = 1
        _ = write(writer, &byte, 1)
        errno = saved
    }
}

/// Async-signal-safe: one write(2).
private func interruptDidArrive(_ number: Int32) {
    Interrupts.mark()
}
