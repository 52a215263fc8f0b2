// The readers of one log alone, by their slots. Most logs of jobs have one: it lies in the log itself, without an array, which would
// be one more cold line of memory for each event. A plain value.

/// Slots in no particular order; a place is a reader's until it or the last one leaves.
struct LogMembers: RandomAccessCollection {
    private var firstSlot = LiveLog.none
    private var held: UInt32 = 0
    private var others: [UInt32] = []

    var startIndex: Int { 0 }
    var endIndex: Int { Int(held) }

    subscript(index: Int) -> UInt32 {
        @inline(__always) get { index == 0 ? firstSlot : others[index - 1] }
        set { if index == 0 { firstSlot = newValue } else { others[index - 1] = newValue } }
    }

    mutating func append(_ slot: UInt32) {
        if held == 0 { firstSlot = slot } else { others.append(slot) }
        held += 1
    }

    /// There is one.
    mutating func removeLast() -> UInt32 {
        held -= 1
        guard held > 0 else { return firstSlot }
        let last = others.removeLast()
        if held == 1 { others = [] }
        return last
    }
}
