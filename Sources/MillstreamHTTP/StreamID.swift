// Names and outcomes of graduated streams. Values; usable on every thread.

/// Names one stream. A slot is used again, a generation is not: a stale id names nothing.
public struct StreamID: Hashable, Sendable {
    public let slot: UInt32
    public let generation: UInt32

    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    init(tag: UInt64) {
        slot = UInt32(truncatingIfNeeded: tag)
        generation = UInt32(truncatingIfNeeded: tag >> 32)
    }

    /// Slot and generation in one word, as epoll keeps it.
    var tag: UInt64 {
        UInt64(generation) << 32 | UInt64(slot)
    }
}

/// What became of a payload.
public enum SendOutcome: Hashable, Sendable {
    /// The kernel has all of it.
    case sent
    /// The stream keeps a reference and goes on when the peer reads; wait for `streamDidDrain`. When a payload was pending
    /// before, the new one was not taken.
    case pending
    /// There is no such stream (any more).
    case gone
}

/// Why a stream is no more. The raw value is the reason's label among the metrics.
public enum StreamCloseReason: String, Hashable, Sendable {
    /// `finish` went through to the end.
    case finished
    /// The peer closed its side, or the connection was reset.
    case peerClosed
    /// Output made no progress for the stall limit.
    case stalled
    /// The peer sent more than it may on a stream.
    case flooded
    /// `abort` was called.
    case aborted
    /// The server was closed.
    case serverClosed
}

/// What happens on streams. Called on the loop's thread, never from within a call of the receiver's into the table.
public protocol StreamTableDelegate: AnyObject {
    /// The pending payload has left; the next one can be sent.
    func streamDidDrain(_ id: StreamID)
    /// The stream is no more. Exactly once for each stream, whoever ended it.
    func streamDidClose(_ id: StreamID, reason: StreamCloseReason)
}
