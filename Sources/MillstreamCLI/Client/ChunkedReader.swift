// Takes the chunks off a body (RFC 9112, section 7.1), whatever pieces it comes in. A value.

/// An incremental decoder of chunked bodies.
struct ChunkedReader {
    private enum State {
        case size(digits: Int, value: Int)
        case `extension`(value: Int)
        case data(left: Int)
        case dataEnd
        /// Trailer fields until an empty line.
        case trailer(isEmptyLine: Bool)
        case done
    }

    private var state = State.size(digits: 0, value: 0)

    /// Whether the last chunk and its trailer came.
    var isDone: Bool { if case .done = state { true } else { false } }

    /// The payload in `bytes`. What follows the last chunk is ignored.
    mutating func push(_ bytes: [UInt8]) throws(ClientFailure) -> [UInt8] {
        var payload: [UInt8] = []
        var at = 0
        while at < bytes.count, !isDone {
            if case .data(let left) = state {
                let count = min(left, bytes.count - at)
                payload += bytes[at..<at + count]
                at += count
                state = left == count ? .dataEnd : .data(left: left - count)
                continue
            }
            try step(bytes[at])
            at += 1
        }
        return payload
    }

    private mutating func step(_ byte: UInt8) throws(ClientFailure) {
        switch state {
        case .size(let digits, let value):
            if let digit = Self.hexDigit(byte), digits < 15 {
                state = .size(digits: digits + 1, value: value << 4 | digit)
            } else if digits > 0, byte == 0x0A {
                state = Self.afterSize(value)
            } else if digits > 0, byte == 0x0D || byte == 0x20 || byte == 0x3B {
                state = .extension(value: value)
            } else {
                throw .badAnswer("a chunk of the body has no size")
            }
        case .extension(let value):
            if byte == 0x0A { state = Self.afterSize(value) }
        case .dataEnd:
            if byte == 0x0A {
                state = .size(digits: 0, value: 0)
            } else if byte != 0x0D {
                throw .badAnswer("a chunk is longer than it said")
            }
        case .trailer(let isEmptyLine):
            if byte == 0x0A {
                state = isEmptyLine ? .done : .trailer(isEmptyLine: true)
            } else if byte != 0x0D {
                state = .trailer(isEmptyLine: false)
            }
        case .data, .done: break
        }
    }

    private static func afterSize(_ value: Int) -> State {
        value == 0 ? .trailer(isEmptyLine: true) : .data(left: value)
    }

    private static func hexDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 0x57
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 0x37
        default: nil
        }
    }
}
