import CMillstreamSpawn
import Glibc

// A thread of its own for a lane: a Dispatch queue that never returns would hold one of Dispatch's threads for ever and could
// be starved by the others. Signals go to other threads.

final class LaneThread: @unchecked Sendable {
    // Sendable: `thread` is written once in init and read by `join`, which its owner calls once.
    private var thread = pthread_t()

    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// - Parameter name: at most 15 bytes, as the kernel shows it.
    init(name: String, body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                LaneThread.prepare(name: start.name)
                start.body()
                return nil
            }, start.toOpaque())
        precondition(status == 0, "no thread for \(name)")
    }

    /// Waits for the body to return. Call once.
    func join() {
        pthread_join(thread, nil)
    }

    /// Lets the thread go: nobody will join it.
    func detach() {
        pthread_detach(thread)
    }

    private static func prepare(name: String) {
        millstream_name_thread(name)
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
