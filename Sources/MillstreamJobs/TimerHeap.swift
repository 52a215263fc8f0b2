// Which job's deadline comes next. Journal lane only. A job has at most one deadline at a time, so it remembers its own place in
// the heap, and a deadline that no longer matters is taken out at once instead of being left to rot until it is due.

/// Jobs by deadline, in milliseconds of whichever clock the owner means.
struct TimerHeap {
    private struct Item {
        let deadline: Int64
        let entry: LedgerEntry

        /// Ties go by the job's number: the same commands give the same order in every run.
        func isBefore(_ other: Item) -> Bool {
            deadline != other.deadline ? deadline < other.deadline : entry.ref < other.entry.ref
        }
    }

    private var items: ContiguousArray<Item> = []

    var count: Int { items.count }
    /// The earliest deadline.
    var next: Int64? { items.first?.deadline }

    /// The job whose deadline has come first, when it has come. It stays in the heap until it is removed.
    func due(at now: Int64) -> LedgerEntry? {
        guard let first = items.first, first.deadline <= now else { return nil }
        return first.entry
    }

    mutating func insert(_ entry: LedgerEntry, at deadline: Int64) {
        items.append(Item(deadline: deadline, entry: entry))
        entry.timerIndex = items.count - 1
        rise(items.count - 1)
    }

    mutating func remove(_ entry: LedgerEntry) {
        let at = entry.timerIndex
        guard at >= 0, at < items.count, items[at].entry === entry else { return }
        entry.timerIndex = -1
        let last = items.removeLast()
        guard at < items.count else { return }
        items[at] = last
        last.entry.timerIndex = at
        sink(at)
        rise(at)
    }

    private mutating func rise(_ start: Int) {
        var at = start
        while at > 0 {
            let parent = (at - 1) / 2
            guard items[at].isBefore(items[parent]) else { return }
            exchange(at, parent)
            at = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var at = start
        while true {
            var least = at
            for child in (2 * at + 1)...(2 * at + 2) where child < items.count && items[child].isBefore(items[least]) {
                least = child
            }
            guard least != at else { return }
            exchange(at, least)
            at = least
        }
    }

    private mutating func exchange(_ one: Int, _ other: Int) {
        items.swapAt(one, other)
        items[one].entry.timerIndex = one
        items[other].entry.timerIndex = other
    }
}
