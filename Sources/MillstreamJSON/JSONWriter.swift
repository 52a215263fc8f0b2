// Writes JSON text into one growing array: commas and escapes are its business, the order of calls is the caller's. A
// value type for use inside one function, on any thread. It never validates what `raw` brings; a JSONText is proved
// already.

/// Appends one minified JSON value, token by token.
///
/// Two values in a row at the top level, or a value in an object without a name, are the caller's mistake.
public struct JSONWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false
    private var depth = 0

    /// - Parameter reserving: how many bytes the caller expects to write.
    public init(reserving: Int = 256) {
        bytes.reserveCapacity(reserving)
    }

    /// Opens an object; what follows are names and values by turns.
    public mutating func beginObject() { open(ASCII.openBrace) }
    /// Closes the innermost object. A close without an open one is the caller's mistake.
    public mutating func endObject() { close(ASCII.closeBrace) }
    /// Opens an array.
    public mutating func beginArray() { open(ASCII.openBracket) }
    /// Closes the innermost array. A close without an open one is the caller's mistake.
    public mutating func endArray() { close(ASCII.closeBracket) }

    /// The name of the member whose value comes next.
    public mutating func name(_ name: String) {
        separate()
        appendQuoted(name)
        bytes.append(ASCII.colon)
        needsComma = false
    }

    /// A string; quotes, backslashes and control characters are escaped, all else stays as it is.
    public mutating func string(_ value: String) {
        separate()
        appendQuoted(value)
    }

    /// Opens a string that comes in pieces, none of which holds anything that JSON escapes: URLs, times, ids. No string is
    /// built for them elsewhere first.
    public mutating func beginPlainString() {
        separate()
        bytes.append(ASCII.quote)
    }

    /// A piece of the string that is open.
    public mutating func appendPlain(_ piece: String) {
        var piece = piece
        piece.withUTF8 { bytes.append(contentsOf: $0) }
    }

    /// A piece of the string that is open.
    public mutating func appendPlain(_ piece: UnsafeBufferPointer<UInt8>) {
        bytes.append(contentsOf: piece)
    }

    /// The digits of a number in the string that is open.
    public mutating func appendPlain(_ number: Int64) {
        if number < 0 { bytes.append(ASCII.minus) }
        appendDigits(number.magnitude)
    }

    /// Closes the string that is open.
    public mutating func endPlainString() {
        bytes.append(ASCII.quote)
    }

    /// A whole number, all digits.
    public mutating func int(_ value: Int) { int(Int64(value)) }

    /// A whole number, all digits.
    public mutating func int(_ value: Int64) {
        separate()
        if value < 0 { bytes.append(ASCII.minus) }
        appendDigits(value.magnitude)
    }

    /// A whole number, all digits.
    public mutating func int(_ value: UInt64) {
        separate()
        appendDigits(value)
    }

    /// The shortest digits that give this double again, with a fraction or an exponent: `42.0`, `1e+20`. JSON has no
    /// infinity and no NaN: both become `null`.
    public mutating func double(_ value: Double) {
        separate()
        bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
    }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// `null`.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: JSONText.null.bytes)
    }

    /// A value that is JSON text already, as it is.
    public mutating func raw(_ value: JSONText) {
        separate()
        bytes.append(contentsOf: value.bytes)
    }

    /// The finished value. All containers are closed and one value was written; anything else is the caller's mistake.
    public consuming func finish() -> JSONText {
        precondition(depth == 0 && !bytes.isEmpty, "JSON text is not complete")
        return JSONText(trusted: bytes)
    }

    // MARK: Tokens

    private mutating func separate() {
        if needsComma { bytes.append(ASCII.comma) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
        depth += 1
    }

    private mutating func close(_ bracket: UInt8) {
        precondition(depth > 0, "no JSON container is open")
        bytes.append(bracket)
        needsComma = true
        depth -= 1
    }

    private mutating func appendDigits(_ value: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value
            var start = 20
            repeat {
                start -= 1
                digits[start] = ASCII.zero + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[start...]))
        }
    }

    private mutating func appendQuoted(_ value: String) {
        var value = value
        bytes.append(ASCII.quote)
        value.withUTF8 { appendEscaped($0) }
        bytes.append(ASCII.quote)
    }

    /// Plain text goes over in runs. U+2028 and U+2029 stay as they are: JSON allows them, and no script evaluates this
    /// text.
    private mutating func appendEscaped(_ utf8: UnsafeBufferPointer<UInt8>) {
        guard let base = utf8.baseAddress else { return }
        var at = 0
        while true {
            let end = StringScan.firstEscapable(base, from: at, to: utf8.count)
            bytes.append(contentsOf: UnsafeBufferPointer(start: base + at, count: end - at))
            guard end < utf8.count else { return }
            appendEscape(base[end])
            at = end + 1
        }
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(ASCII.backslash)
        switch byte {
        case ASCII.quote, ASCII.backslash: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case ASCII.lineFeed: bytes.append(UInt8(ascii: "n"))
        case ASCII.carriageReturn: bytes.append(UInt8(ascii: "r"))
        case ASCII.tab: bytes.append(UInt8(ascii: "t"))
        default:
            let low = byte & 0x0F
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(ASCII.zero + byte >> 4)
            bytes.append(low < 10 ? ASCII.zero + low : UInt8(ascii: "a") + low - 10)
        }
    }
}
