// Reads an event stream piece by piece, in whatever pieces the network brings. A value type that one client owns, on
// any thread. It follows WHATWG HTML, section 9.2.5 and 9.2.6, to the letter, with one addition: what one event may
// hold is bounded, and a stream that exceeds it stops the parser. Lines are cut in bytes and decoded one field at a
// time: CR, LF and colon are never part of a longer UTF-8 sequence, so the result is that of decoding the whole stream
// first.

/// An incremental parser of text/event-stream.
public struct SSEParser: Sendable {
    /// Why the parser stopped for good.
    public enum Failure: Error, Hashable, Sendable {
        /// One line is longer than `maxEventBytes`.
        case lineTooLong
        /// The data lines of one event are together longer than `maxEventBytes`.
        case eventTooLong
    }

    /// The longest reconnection time, in milliseconds (24.8 days); a longer `retry` counts as this.
    public static let maxReconnectionTimeMs = Int(Int32.max)

    /// The id to reconnect with: that of the last block that an empty line ended, whether or not it made an event.
    public private(set) var lastEventID: String
    /// What the stream asked for in its last valid `retry`, in milliseconds; nil before the first.
    public private(set) var reconnectionTimeMs: Int?
    /// How many comment lines came: heartbeats are comments, and a reader with a deadline wants to know of them.
    public private(set) var commentCount = 0
    /// Set once a bound was exceeded; all later bytes are ignored.
    public private(set) var failure: Failure?

    /// Buffers up to this size are used again.
    private static let maxKeptBytes = 64 << 10

    private let maxEventBytes: Int
    /// The beginning of a line whose end did not come yet.
    private var partialLine: [UInt8] = []
    private var sawCarriageReturn = false
    private var byteOrderMark = ByteOrderMark.matched(bytes: 0)
    /// The data lines of the present block, each with a line feed behind it.
    private var data: [UInt8] = []
    private var name = ""
    private var idBuffer: String

    private enum ByteOrderMark: Sendable {
        case matched(bytes: Int)
        case passed
    }

    /// - Parameters:
    ///   - lastEventID: the id that is in force when a stream is continued after a reconnect; browsers keep it over
    ///     reconnects, which the standard's text alone would not.
    ///   - maxEventBytes: the longest line and the longest data of one event, in bytes.
    public init(lastEventID: String = "", maxEventBytes: Int = 16 << 20) {
        self.lastEventID = lastEventID
        self.idBuffer = lastEventID
        self.maxEventBytes = max(maxEventBytes, 0)
    }

    /// Takes the next bytes of the stream, and calls `emit` for each event that they complete, before it returns.
    ///
    /// After a bound was exceeded nothing is emitted any more: look at ``failure``.
    public mutating func push(_ bytes: some Collection<UInt8>, _ emit: (ServerSentEvent) -> Void) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { consume($0, emit) }
        if done == nil { Array(bytes).withUnsafeBufferPointer { consume($0, emit) } }
    }

    /// The stream has ended: what no empty line ended is thrown away, and the parser is ready for the next stream of
    /// the same source. The last event id and the reconnection time stay, and so does a failure.
    public mutating func finish() {
        partialLine = []
        sawCarriageReturn = false
        byteOrderMark = .matched(bytes: 0)
        data = []
        name = ""
        idBuffer = lastEventID
    }

    // MARK: Lines

    private mutating func consume(_ bytes: UnsafeBufferPointer<UInt8>, _ emit: (ServerSentEvent) -> Void) {
        guard failure == nil, let base = bytes.baseAddress else { return }
        var at = passByteOrderMark(bytes)
        while at < bytes.count {
            if sawCarriageReturn {
                sawCarriageReturn = false
                if bytes[at] == LineEnd.lineFeed {
                    at += 1
                    continue
                }
            }
            let end = LineEnd.first(base, from: at, to: bytes.count)
            guard end - at <= maxEventBytes - partialLine.count else { return fail(.lineTooLong) }
            let piece = UnsafeBufferPointer(rebasing: bytes[at..<end])
            guard end < bytes.count else {
                partialLine.append(contentsOf: piece)
                return
            }
            sawCarriageReturn = bytes[end] == LineEnd.carriageReturn
            endLine(piece, emit)
            guard failure == nil else { return }
            at = end + 1
        }
    }

    /// Only the very first three bytes of a stream can be a byte order mark, and they can come one by one. How many
    /// bytes of `bytes` are dealt with.
    private mutating func passByteOrderMark(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard case .matched(var matched) = byteOrderMark else { return 0 }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var at = 0
        while at < bytes.count {
            guard bytes[at] == mark[matched] else {
                byteOrderMark = .passed
                if matched > maxEventBytes { fail(.lineTooLong) } else { partialLine = Array(mark[..<matched]) }
                return failure == nil ? at : bytes.count
            }
            at += 1
            matched += 1
            if matched == mark.count {
                byteOrderMark = .passed
                return at
            }
        }
        byteOrderMark = .matched(bytes: matched)
        return at
    }

    private mutating func endLine(_ piece: UnsafeBufferPointer<UInt8>, _ emit: (ServerSentEvent) -> Void) {
        guard !partialLine.isEmpty else { return line(piece, emit) }
        var whole: [UInt8] = []
        swap(&whole, &partialLine)
        whole.append(contentsOf: piece)
        whole.withUnsafeBufferPointer { line($0, emit) }
        // Its memory is for the next line that is cut, unless one long line made it large.
        guard failure == nil, whole.capacity <= Self.maxKeptBytes else { return }
        whole.removeAll(keepingCapacity: true)
        swap(&whole, &partialLine)
    }

    private mutating func fail(_ failure: Failure) {
        finish()
        self.failure = failure
    }

    // MARK: Fields

    private mutating func line(_ line: UnsafeBufferPointer<UInt8>, _ emit: (ServerSentEvent) -> Void) {
        guard !line.isEmpty else { return dispatch(emit) }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return field(line[...], line[line.count...]) }
        guard colon > 0 else {
            commentCount &+= 1
            return
        }
        let hasSpace = colon + 1 < line.count && line[colon + 1] == UInt8(ascii: " ")
        field(line[..<colon], line[(colon + (hasSpace ? 2 : 1))...])
    }

    private mutating func field(
        _ field: Slice<UnsafeBufferPointer<UInt8>>,
        _ value: Slice<UnsafeBufferPointer<UInt8>>
    ) {
        if field.elementsEqual("data".utf8) {
            guard value.count < maxEventBytes - data.count || data.isEmpty else { return fail(.eventTooLong) }
            data.append(contentsOf: UnsafeBufferPointer(rebasing: value))
            data.append(LineEnd.lineFeed)
        } else if field.elementsEqual("event".utf8) {
            name = String(decoding: value, as: UTF8.self)
        } else if field.elementsEqual("id".utf8) {
            if !value.contains(0) { idBuffer = String(decoding: value, as: UTF8.self) }
        } else if field.elementsEqual("retry".utf8) {
            if let milliseconds = Self.retryTime(value) { reconnectionTimeMs = milliseconds }
        }
    }

    private static func retryTime(_ value: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard !value.isEmpty else { return nil }
        var milliseconds = 0
        for byte in value {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            milliseconds = min(milliseconds * 10 + Int(byte &- UInt8(ascii: "0")), maxReconnectionTimeMs)
        }
        return milliseconds
    }

    /// The id takes effect with the empty line even if there is no data; only a block with a data line makes an event.
    private mutating func dispatch(_ emit: (ServerSentEvent) -> Void) {
        lastEventID = idBuffer
        if !data.isEmpty {
            let text = String(decoding: data.dropLast(), as: UTF8.self)
            emit(ServerSentEvent(id: lastEventID, name: name.isEmpty ? "message" : name, data: text))
            data.removeAll(keepingCapacity: data.capacity <= Self.maxKeptBytes)
        }
        name = ""
    }
}
