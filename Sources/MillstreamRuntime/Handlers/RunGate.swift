import MillstreamJobs
import Synchronization

// Whether a run may still speak: the one place where its end is decided, so that it ends exactly once, by itself or by force.
// One byte inside the run, because each has one: an atomic, where a lock would take three allocations.

struct RunGate: ~Copyable, Sendable {
    enum State: UInt8, Sendable, AtomicRepresentable {
        case open
        /// Told to stop; may still speak.
        case stopping
        case over
    }

    private let state = Atomic(State.open)

    var current: State { state.load(ordering: .acquiring) }
    var isStopping: Bool { current != .open }

    /// False when the run was told before, or is over.
    func beginStop() -> Bool {
        state.compareExchange(expected: .open, desired: .stopping, ordering: .acquiringAndReleasing).exchanged
    }

    /// Ends the run: the state it was in, or nil when it was over already.
    func end() -> State? {
        let before = state.exchange(.over, ordering: .acquiringAndReleasing)
        return before == .over ? nil : before
    }
}
