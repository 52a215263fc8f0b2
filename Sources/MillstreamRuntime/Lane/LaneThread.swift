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
    /// Shorter than a worker's, and longer than the journal's: when both want the core, the loop has a thousand sends before it and the
    /// journal some microseconds between two waits for the disk. With the same slice it waited for the next tick of the kernel's clock,
    /// up to a millisecond, in a third of all commits beside a busy loop.
    private static let sliceUs: Int32 = 300

    public static func adopt() { millstream_run_promptly(sliceUs) }
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

    /// The shortest that the kernel grants.
    private static let shortestSliceUs: Int32 = 100

    /// Of the calling thread.
    static func prepare(name: String, turns: ThreadTurns) {
        millstream_name_thread(name)
        switch turns {
        case .normal: break
        case .prompt: millstream_run_promptly(shortestSliceUs)
        case .yielding: millstream_run_yielding()
        }
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
