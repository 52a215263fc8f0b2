// One stream as it is being read: connection, chunked decoder, half-read line and half-read event. A plain struct in a flat array
// (19,000 of them are walked in no order that a cache would like), two cache lines long. Engine's thread only.

struct StreamState {
    enum Phase: UInt8 {
        case free
        /// Waits in an opener, or is cut and may be resumed.
        case closed
        case connecting, head, body
    }

    enum Framing: UInt8 {
        case chunked
        /// `remaining` bytes, or until the end of the connection when it is negative.
        case plain
    }

    /// Where the chunked decoder is.
    enum ChunkPhase: UInt8 { case size, sizeEnd, data, dataEnd }

    /// Names that mean something to a checker.
    enum EventName: UInt8 { case other, status, gap, closing, completed, failed, cancelled }

    static let noSequence = UInt64.max
    static let maxEpochLength = 24

    /// Bytes of a line or a head that has not ended; nil until there were some.
    var carry: UnsafeMutablePointer<UInt8>?
    var carryLength: UInt32 = 0
    var carryCapacity: UInt32 = 0
    /// Of the chunk or of the body.
    var remaining: Int = 0
    /// Number of the last event, also over a reconnect; `noSequence` before the first.
    var lastSequence = StreamState.noSequence
    /// Of the event that is being read.
    var blockTime: UInt64 = 0
    var blockSequence = StreamState.noSequence
    /// When `connect()` was called.
    var connectedAt: UInt64 = 0
    /// The prefix of `lastSequence` in the id, zero-padded.
    var epoch: (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// Events with data on this stream since it was set up.
    var events: UInt32 = 0
    var fd: Int32 = -1
    /// Counts the connections of this slot: what epoll says of an older one is dropped.
    var generation: UInt16 = 0
    var group: UInt16 = 0
    /// What its group's owner calls it: the reader's number or the job's.
    var owner: UInt32 = 0
    var phase = Phase.free
    var framing = Framing.chunked
    var chunkPhase = ChunkPhase.size
    var sawDigit = false
    var epochLength: UInt8 = 0
    var blockName = EventName.other
    var blockHasData = false
    var blockHasBadId = false
    /// The terminal event, and how many there were.
    var terminal = EventName.other
    var terminals: UInt8 = 0
    /// Its group's observer hears of each read.
    var isObserved = false
    /// Continues to read when its socket has something.
    var isRead = true

    /// Before a new connection; the cursor stays.
    mutating func beginConnection() {
        generation &+= 1
        carryLength = 0
        remaining = 0
        framing = .chunked
        chunkPhase = .size
        sawDigit = false
        beginBlock()
    }

    mutating func forgetCursor() {
        lastSequence = Self.noSequence
        epochLength = 0
        events = 0
        terminal = .other
        terminals = 0
    }

    @inline(__always)
    mutating func beginBlock() {
        blockTime = 0
        blockSequence = Self.noSequence
        blockName = .other
        blockHasData = false
        blockHasBadId = false
    }

    /// Keeps bytes for the next read. False when they are more than any honest line.
    mutating func keep(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let needed = Int(carryLength) + count
        if needed > Int(carryCapacity) {
            guard needed <= Self.maxCarry else { return false }
            var capacity = max(512, Int(carryCapacity))
            while capacity < needed { capacity *= 2 }
            let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
            if let carry {
                grown.update(from: carry, count: Int(carryLength))
                carry.deallocate()
            }
            carry = grown
            carryCapacity = UInt32(capacity)
        }
        if let carry {
            (carry + Int(carryLength)).update(from: bytes, count: count)
        }
        carryLength = UInt32(needed)
        return true
    }

    static let maxCarry = 16 << 20

    mutating func release() {
        carry?.deallocate()
        carry = nil
        carryLength = 0
        carryCapacity = 0
    }
}
