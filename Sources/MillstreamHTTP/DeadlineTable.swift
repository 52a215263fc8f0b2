import MillstreamLoop

// One deadline for each slot of a table, absolute: whoever drips bytes does not move it. A flat array apart from the
// objects, so that looking at ten thousand of them is one short scan; there is no timer per connection. A value.

struct DeadlineTable {
    private var nanoseconds: [UInt64] = []

    mutating func set(_ slot: Int, _ deadline: MonotonicTime) {
        while nanoseconds.count <= slot { nanoseconds.append(.max) }
        nanoseconds[slot] = deadline.nanoseconds
    }

    mutating func clear(_ slot: Int) {
        guard slot < nanoseconds.count else { return }
        nanoseconds[slot] = .max
    }

    /// The slots whose deadline is `now` or earlier; they have none afterwards.
    mutating func takeExpired(at now: MonotonicTime) -> [Int] {
        var expired: [Int] = []
        for slot in nanoseconds.indices where nanoseconds[slot] <= now.nanoseconds {
            nanoseconds[slot] = .max
            expired.append(slot)
        }
        return expired
    }
}
