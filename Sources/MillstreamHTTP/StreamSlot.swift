// One stream as a few words in a flat array. A plain value; StreamTable alone reads and changes it, on the loop's thread.

struct StreamSlot {
    enum State: UInt8 {
        /// Not in use; `offset` is the next free slot.
        case free
        /// The reply's head waits in `pending` for the first payload, so that both leave in one send.
        case held
        /// Nothing is pending.
        case open
        /// `pending` from `offset` on waits for the socket.
        case blocked
        /// As `blocked`, and the end of the stream follows: the table's entry in `finals` if any, and the last chunk.
        case finishing
        /// As `blocked`, and `pending` holds the end already.
        case ending
        /// The write side is shut down; waits for the peer's end of file.
        case draining
    }

    /// Retained while set.
    var pending: Unmanaged<StreamPayload>?
    var descriptor: Int32
    var generation: UInt32
    /// Bytes of `pending` that the kernel has.
    var offset: UInt32
    /// Position in the table's list of slots that have a deadline.
    var attention: UInt32
    /// When output last moved, or draining began: milliseconds since the table was made, modulo 2^32.
    var progressMs: UInt32
    /// Bytes that the peer sent, all of them dropped.
    var inputBytes: UInt32
    var state: State
    /// HTTP/1.0: no chunk framing.
    var isBare: Bool

    static let noAttention = UInt32.max
    static let noSlot = UInt32.max

    init() {
        pending = nil
        descriptor = -1
        generation = 1
        offset = StreamSlot.noSlot
        attention = StreamSlot.noAttention
        progressMs = 0
        inputBytes = 0
        state = .free
        isBare = false
    }
}
