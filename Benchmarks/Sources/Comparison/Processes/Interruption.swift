import Glibc
import Synchronization

// SIGINT and SIGTERM to the runner. Its children are in process groups of their own and get neither: whoever waits looks here, throws,
// and the unwinding stops what was started.

package enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// From now on a signal only sets the flag.
    package static func watch() {
        _ = requested.load(ordering: .relaxed)  // The lazy initialization must not happen inside a signal handler.
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in Interruption.requested.store(true, ordering: .relaxed) }
        }
    }

    package static func check() throws {
        if requested.load(ordering: .relaxed) { throw RunnerError("interrupted") }
    }
}
