// The readers' slots in one flat piece of memory. Loop-confined; pointers into it are valid until the next `occupy`.

final class ReaderTable {
    private(set) var capacity = 64
    private var slots: UnsafeMutablePointer<ReaderSlot>
    /// Slots from here on were never in use.
    private(set) var usedSlots = 0

    init() {
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: ReaderSlot(), count: capacity)
    }

    deinit {
        slots.deallocate()
    }

    /// The reader, if it is still the one of that name.
    @inline(__always)
    func find(_ id: ReaderID) -> UnsafeMutablePointer<ReaderSlot>? {
        guard Int(id.slot) < usedSlots else { return nil }
        let slot = slots + Int(id.slot)
        return slot.pointee.phase != .free && slot.pointee.generation == id.generation ? slot : nil
    }

    /// A slot that is known to be in use.
    @inline(__always)
    subscript(slot: UInt32) -> UnsafeMutablePointer<ReaderSlot> {
        assert(Int(slot) < usedSlots)
        return slots + Int(slot)
    }

    /// Looks at the slot, which may lie across two lines. What it returns tells nothing.
    @inline(__always)
    func glance(_ slot: UInt32) -> UInt {
        let reader = self[slot]
        return UInt(truncatingIfNeeded: reader.pointee.reading.sequence) &+ UInt(reader.pointee.generation)
    }

    func id(of slot: UInt32) -> ReaderID { ReaderID(slot: slot, generation: self[slot].pointee.generation) }

    /// Makes room for the slot. Outputs count slots up from 0, so memory is bounded by the readers they allow.
    func occupy(_ slot: UInt32) {
        let needed = Int(slot) + 1
        if needed > capacity {
            let larger = max(capacity * 2, needed)
            let moved = UnsafeMutablePointer<ReaderSlot>.allocate(capacity: larger)
            moved.moveInitialize(from: slots, count: capacity)
            (moved + capacity).initialize(repeating: ReaderSlot(), count: larger - capacity)
            slots.deallocate()
            slots = moved
            capacity = larger
        }
        usedSlots = max(usedSlots, needed)
    }
}
