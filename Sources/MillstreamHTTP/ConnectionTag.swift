// How a connection that is evhttp's is named in the stream table's epoll set. A value.

/// The slot of a connection and the number of its registration. Streams have the set's other tags: their slots never
/// reach the highest bit.
struct ConnectionTag {
    let slot: Int
    /// New for each registration: an event of a socket that is closed by now names nothing.
    let generation: UInt32

    private static let bit: UInt64 = 1 << 31

    init(slot: Int, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// Nil for the tag of a stream.
    init?(tag: UInt64) {
        guard tag & Self.bit != 0 else { return nil }
        slot = Int(tag & (Self.bit - 1))
        generation = UInt32(truncatingIfNeeded: tag >> 32)
    }

    var tag: UInt64 {
        UInt64(generation) << 32 | Self.bit | UInt64(slot)
    }
}
