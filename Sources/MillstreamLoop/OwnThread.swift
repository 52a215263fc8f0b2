import CLibevent
import Glibc

/// A thread of the system, for what never ends or must never wait for a thread: Dispatch lends its threads, and where the system gives it
/// none (RLIMIT_NPROC, memory) whoever asks sleeps until it does. Signals go to other threads.
public struct OwnThread: Sendable {
    private let thread: pthread_t

    /// Half of what is usual: there are some twenty, and all of it counts against RLIMIT_AS. Builds with a sanitizer need more than 1 MiB.
    private static let stackBytes = 4 << 20

    /// Starts the thread. Where the system gives none the process ends with status 71 and a line on standard error: this is for the start
    /// of a process, where nothing is to be saved yet.
    /// - Parameters:
    ///   - name: at most 15 bytes, as the kernel shows it.
    ///   - body: runs once, on the thread.
    public init(name: String, body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                millstream_loop_name_thread(start.name)
                OwnThread.forgoSignals()
                start.body()
                return nil
            }, Unmanaged.passRetained(Start(name, body)).toOpaque())
        guard status == 0 else { Self.giveUp(name, status) }
        self.thread = thread
    }

    /// Waits for the body to return. Call this or `detach`, once.
    public func join() {
        pthread_join(thread, nil)
    }

    /// Lets the thread go: nobody will join it.
    public func detach() {
        pthread_detach(thread)
    }

    /// The calling thread gets no signals from now on: they are the loop's business.
    public static func forgoSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// A line that says why, and not a trap.
    private static func giveUp(_ name: String, _ status: Int32) -> Never {
        let reason = String(cString: strerror(status))
        let line =
            "millstream: the system gives no thread (\(name)): \(reason); see the limits of processes and memory\n"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        _exit(osErrorStatus)
    }

    /// EX_OSERR of sysexits.h.
    private static let osErrorStatus: Int32 = 71

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
