import MillstreamJobs
import MillstreamLoop

// Whether a run may still speak: the one place where its end is decided, so that it ends exactly once, by itself or by force.

final class RunGate: Sendable {
    enum State: Sendable {
        case open
        /// Told to stop; may still speak.
        case stopping
        case over
    }

    private let state = Locked(State.open)

    var current: State { state.withLock { $0 } }
    var isStopping: Bool { current != .open }

    /// False when the run was told before, or is over.
    func beginStop() -> Bool {
        state.withLock { state in
            guard state == .open else { return false }
            state = .stopping
            return true
        }
    }

    /// Ends the run: the state it was in, or nil when it was over already.
    func end() -> State? {
        state.withLock { state in
            guard state != .over else { return nil }
            defer { state = .over }
            return state
        }
    }
}
