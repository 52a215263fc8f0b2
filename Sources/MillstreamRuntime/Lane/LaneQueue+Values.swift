// What the lane's queue tells of itself and of what was put in. Plain values, any thread.

extension LaneQueue {
    /// What became of an emission that had to wait.
    enum Admission: Sendable {
        case accepted, withdrawn, closed
    }

    enum Offer: Sendable, Hashable {
        case accepted
        /// The callback comes later; the number withdraws the entry.
        case waiting(UInt64)
        case closed
    }

    struct Depths: Sendable {
        var callers = 0
        var emissions = 0
        var waiting = 0
    }

    /// How often each bound was reached since the start.
    struct Hits: Sendable {
        var commands: UInt64 = 0
        var commandBytes: UInt64 = 0
        var emissions: UInt64 = 0
        var emissionBytes: UInt64 = 0
    }
}
