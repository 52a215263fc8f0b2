// Bytes on their way to any number of streams: encoded and chunk-framed once, then shared by reference. Immutable and
// loop-confined; a stream that lags keeps a reference and an offset, never a copy.

/// Immutable bytes for streams, with their chunk framing around them.
public final class StreamPayload {
    private let storage: UnsafeMutableRawPointer
    /// The chunk: size line, body, end of line. Empty when the body is empty, since an empty chunk would end the stream.
    let framed: UnsafeRawBufferPointer
    /// The body alone, for HTTP/1.0.
    let bare: UnsafeRawBufferPointer

    /// Frames `body` as one chunk; copies it once.
    public convenience init(body: [UInt8]) {
        self.init(pieces: [body])
    }

    /// Frames the concatenation of `pieces` as one chunk; copies each once.
    public convenience init(pieces: [[UInt8]]) {
        self.init(byteCount: pieces.reduce(0) { $0 + $1.count }) { bytes in
            for piece in pieces { bytes.append(piece) }
        }
    }

    /// Frames `body` as one chunk; copies it once. The buffer need be valid during the call only.
    public convenience init(body: UnsafeRawBufferPointer) {
        self.init(byteCount: body.count) { $0.append(body) }
    }

    private init(byteCount count: Int, _ fill: (inout Bytes) -> Void) {
        var bytes = Bytes(capacity: count + Self.maxFramingBytes)
        let sizeLineBytes = bytes.appendSizeLine(of: count)
        fill(&bytes)
        bytes.appendLineEnd()
        storage = bytes.start
        bare = UnsafeRawBufferPointer(start: bytes.start + sizeLineBytes, count: count)
        framed = UnsafeRawBufferPointer(start: bytes.start, count: count == 0 ? 0 : bytes.count)
    }

    /// How much longer a chunk is than its body at most: 16 digits and two ends of line.
    static let maxFramingBytes = 20

    /// Frames `body`, which is not empty, as one chunk in memory of the caller's, longer than `body` by `maxFramingBytes` or more.
    static func frame(
        _ body: UnsafeRawBufferPointer, in memory: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        var bytes = Bytes(memory)
        _ = bytes.appendSizeLine(of: body.count)
        bytes.append(body)
        bytes.appendLineEnd()
        return UnsafeRawBufferPointer(start: bytes.start, count: bytes.count)
    }

    /// Bytes that are sent as they are: a reply's head.
    init(raw head: [UInt8]) {
        var bytes = Bytes(capacity: head.count)
        bytes.append(head)
        storage = bytes.start
        bare = UnsafeRawBufferPointer(start: bytes.start, count: bytes.count)
        framed = bare
    }

    /// The rest of several pieces.
    init(raw pieces: [UnsafeRawBufferPointer]) {
        var bytes = Bytes(capacity: pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { bytes.append(piece) }
        storage = bytes.start
        bare = UnsafeRawBufferPointer(start: bytes.start, count: bytes.count)
        framed = bare
    }

    deinit {
        storage.deallocate()
    }

    /// Bytes of the body, without framing.
    public var bodyByteCount: Int { bare.count }

    @inline(__always)
    func bytes(isBare: Bool) -> UnsafeRawBufferPointer {
        isBare ? bare : framed
    }
}

/// Memory that is filled once, from its start to its end.
private struct Bytes {
    let start: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        guard let base = memory.baseAddress else { preconditionFailure("there is memory") }
        start = base
        capacity = memory.count
    }

    init(capacity: Int) {
        start = .allocate(byteCount: max(1, capacity), alignment: 1)
        self.capacity = capacity
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= capacity - count, "more bytes than were counted")
        guard let base = bytes.baseAddress else { return }
        (start + count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    private mutating func append(_ byte: UInt8) {
        precondition(count < capacity, "more bytes than were counted")
        start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// A chunk's length in hexadecimal, and the end of that line. Returns how many bytes that took.
    mutating func appendSizeLine(of byteCount: Int) -> Int {
        let digits = max(1, (Int.bitWidth - byteCount.leadingZeroBitCount + 3) / 4)
        for place in (0..<digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: byteCount >> (4 * place)) & 0xF
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        appendLineEnd()
        return digits + 2
    }

    mutating func appendLineEnd() {
        append(ASCII.carriageReturn)
        append(ASCII.lineFeed)
    }
}
