// Which log has a number. A commit tells of each log by number and name; to look for the name would hash it and fetch the text of both
// names from cold memory, for each event. One flat piece of memory, open addressing; the number stands in the log, which every event
// needs anyway. Loop-confined; it keeps no log alive.

import MillstreamJournal

/// Logs by their numbers. The owner takes a log out before it lets go of it or gives it another number.
final class RefTable {
    private typealias Entry = Unmanaged<LiveLog>?

    private var entries: UnsafeMutablePointer<Entry>
    /// The number of entries is 2 to the power of `64 - shift`.
    private var shift: Int
    private var count = 0

    init() {
        shift = 64 - 4
        entries = .allocate(capacity: 1 << 4)
        entries.initialize(repeating: nil, count: 1 << 4)
    }

    deinit {
        entries.deallocate()
    }

    private var mask: Int { (1 << (64 - shift)) - 1 }

    /// Where the search for a number begins. The store gives numbers in a row: a multiplication is enough to spread them.
    @inline(__always)
    private func home(of ref: LogRef?) -> Int {
        let number = UInt64(bitPattern: ref?.number ?? 0)
        return Int(truncatingIfNeeded: (number &* 0x9E37_79B9_7F4A_7C15) >> UInt64(shift))
    }

    @inline(__always)
    private func ref(of log: Unmanaged<LiveLog>) -> LogRef? {
        log._withUnsafeGuaranteedRef { $0.ref }
    }

    /// Looks at where the search for a number begins. What it returns tells nothing.
    @inline(__always)
    func glance(_ wanted: LogRef) -> UInt {
        UInt(bitPattern: entries[home(of: wanted)]?.toOpaque())
    }

    /// The log of that number, if it is held.
    @inline(__always)
    func find(_ wanted: LogRef) -> Unmanaged<LiveLog>? {
        var place = home(of: wanted)
        while let log = entries[place] {
            if ref(of: log) == wanted { return log }
            place = (place + 1) & mask
        }
        return nil
    }

    /// The log has a number, and is not in the table. Nothing happens when another has the same number, which no sound journal gives:
    /// that one alone is found by it.
    func insert(_ log: LiveLog) {
        if let ref = log.ref, find(ref) != nil { return }
        // At most three quarters are in use, so that searches stay short.
        if count >= (mask + 1) / 4 * 3 { grow() }
        put(.passUnretained(log))
        count += 1
    }

    private func put(_ log: Unmanaged<LiveLog>) {
        var place = home(of: ref(of: log))
        while entries[place] != nil { place = (place + 1) & mask }
        entries[place] = log
    }

    /// Nothing happens when the log is not in the table.
    func remove(_ gone: LiveLog) {
        var free = home(of: gone.ref)
        while let log = entries[free], log.toOpaque() != Unmanaged.passUnretained(gone).toOpaque() {
            free = (free + 1) & mask
        }
        guard entries[free] != nil else { return }
        // Those behind it that a search would no longer reach move up.
        var place = (free + 1) & mask
        while let log = entries[place] {
            let distance = (place &- home(of: ref(of: log))) & mask
            if distance >= (place &- free) & mask {
                entries[free] = log
                free = place
            }
            place = (place + 1) & mask
        }
        entries[free] = nil
        count -= 1
    }

    private func grow() {
        let old = entries
        let oldCapacity = mask + 1
        shift -= 1
        entries = .allocate(capacity: mask + 1)
        entries.initialize(repeating: nil, count: mask + 1)
        for place in 0..<oldCapacity {
            if let log = old[place] { put(log) }
        }
        old.deallocate()
    }
}
