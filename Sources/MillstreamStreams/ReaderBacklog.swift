// Readers that are behind and wait for their turn, first come, first served. A tick gives a bounded number of turns, so the order is
// kept over many ticks. Loop-confined; it knows readers by name only.

/// A queue of readers.
struct ReaderBacklog {
    private var waiting: [ReaderID] = []
    private var first = 0
    /// Turns that were ever given.
    private(set) var given: UInt64 = 0

    var isEmpty: Bool { first == waiting.count }
    var count: Int { waiting.count - first }
    /// Turns that were ever asked for: once so many were given, all who wait now had theirs.
    var asked: UInt64 { given &+ UInt64(count) }

    mutating func append(_ id: ReaderID) {
        waiting.append(id)
    }

    mutating func takeFirst() -> ReaderID? {
        guard first < waiting.count else { return nil }
        let id = waiting[first]
        first += 1
        given &+= 1
        if first == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.capacity < 4096)
            first = 0
        } else if first >= 1024, first * 2 >= waiting.count {
            waiting.removeSubrange(..<first)
            first = 0
        }
        return id
    }
}
