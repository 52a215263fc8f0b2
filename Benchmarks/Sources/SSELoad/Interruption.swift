import Glibc
import Synchronization

/// SIGINT and SIGTERM: the first asks the run to end with a report of what it has; the second ends the program, as without this.
enum Interruption {
    /// The signal that came; 0: none.
    private static let signal = Atomic<Int32>(0)

    static func watch() {
        _ = signal.load(ordering: .relaxed)  // The lazy initialization must not happen inside a signal handler.
        for number in [SIGINT, SIGTERM] {
            Glibc.signal(number) { number in
                Interruption.signal.store(number, ordering: .relaxed)
                for number in [SIGINT, SIGTERM] { Glibc.signal(number, SIG_DFL) }
            }
        }
    }

    static var hasCome: Bool { signal.load(ordering: .relaxed) != 0 }

    /// As a shell says it: 128 and the signal's number.
    static var exitStatus: Int32 { 128 + signal.load(ordering: .relaxed) }
}
