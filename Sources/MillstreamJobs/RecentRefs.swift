// Logs that were removed a short while ago, so that a store read which began before does not bring one back. A plain value.

import MillstreamJournal

struct RecentRefs {
    private let capacity: Int
    private var ring: [LogRef] = []
    private var next = 0
    private var members: Set<LogRef> = []

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    func contains(_ ref: LogRef) -> Bool { members.contains(ref) }

    mutating func insert(_ ref: LogRef) {
        guard members.insert(ref).inserted else { return }
        if ring.count < capacity {
            ring.append(ref)
        } else {
            members.remove(ring[next])
            ring[next] = ref
            next = (next + 1) % capacity
        }
    }
}
