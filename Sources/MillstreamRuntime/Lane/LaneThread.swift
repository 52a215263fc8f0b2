import CMillstreamSpawn
import MillstreamLoop

// A lane's thread says how it shares the cores: on two of them, one wake-up behind a worker that computes costs an event more than its
// commit.

/// How a thread takes its turns when all cores are busy.
enum ThreadTurns: Sendable {
    case normal
    /// At once, for a moment: who waits for this thread waits for a disk or a socket at most.
    case prompt
    /// Behind the others: workers.
    case yielding

    /// The shortest that the kernel grants.
    private static let shortestSliceUs: Int32 = 100

    /// For the calling thread.
    func adopt() {
        switch self {
        case .normal: break
        case .prompt: millstream_run_promptly(Self.shortestSliceUs)
        case .yielding: millstream_run_yielding()
        }
    }
}

/// Has the calling thread run as soon as it wakes, whatever the workers do. For the loop's.
public enum PromptThread {
    /// Shorter than a worker's, and longer than the journal's: when both want the core, the loop has a thousand sends before it and the
    /// journal some microseconds between two waits for the disk. With the same slice it waited for the next tick of the kernel's clock,
    /// up to a millisecond, in a third of all commits beside a busy loop.
    private static let sliceUs: Int32 = 300

    public static func adopt() { millstream_run_promptly(sliceUs) }
}

struct LaneThread: Sendable {
    private let thread: OwnThread

    /// - Parameter name: at most 15 bytes, as the kernel shows it.
    init(name: String, turns: ThreadTurns = .normal, body: @escaping @Sendable () -> Void) {
        thread = OwnThread(name: name) {
            turns.adopt()
            body()
        }
    }

    /// Waits for the body to return. Call once.
    func join() {
        thread.join()
    }

    /// Lets the thread go: nobody will join it.
    func detach() {
        thread.detach()
    }
}
