import CMillstreamSpawn
import Glibc

// A thread of its own for a lane: a Dispatch queue that never returns would hold one of Dispatch's threads for ever and could
// be starved by the others. Signals go to other threads. What runs on it says how it shares the cores: on two of them, one wake-up
// behind a worker that computes costs an event more than its commit.

/// How a thread takes its turns when all cores are busy.
enum ThreadTurns: Sendable {
    case normal
    /// At once, for a moment: who waits for this thread waits for a disk or a socket at most.
    case prompt
    /// Behind the others: workers.
    case yielding
}

/// Has the calling thread run as soon as it wakes, whatever the workers do. For the loop's.
public enum PromptThread {
    public static func adopt() { millstream_run_promptly() }
}

final class LaneThread: Sendable {
    private let thread: pthread_t

    private final class Start {
        let name: String
        let turns: ThreadTurns
        let body: @Sendable () -> Void

        init(name: String, turns: ThreadTurns, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.turns = turns
            self.body = body
        }
    }

    /// - Parameter name: at most 15 bytes, as the kernel shows it.
    init(name: String, turns: ThreadTurns = .normal, body: @escaping @Sendable () -> Void) {
        thread = Self.start(Start(name: name, turns: turns, body: body))
    }

    private static func start(_ start: Start) -> pthread_t {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(start)
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                LaneThread.prepare(name: start.name, turns: start.turns)
                start.body()
                return nil
            }, start.toOpaque())
        precondition(status == 0, "no thread for a lane: \(status)")
        return thread
    }

    /// Waits for the body to return. Call once.
    func join() {
        pthread_join(thread, nil)
    }

    /// Lets the thread go: nobody will join it.
    func detach() {
        pthread_detach(thread)
    }

    /// Of the calling thread.
    static func prepare(name: String, turns: ThreadTurns) {
        millstream_name_thread(name)
        switch turns {
        case .normal: break
        case .prompt: millstream_run_promptly()
        case .yielding: millstream_run_yielding()
        }
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
