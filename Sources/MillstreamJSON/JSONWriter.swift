// Writes JSON text into one growing array: commas and escapes are its business, the order of calls is the caller's. A
// value type for use inside one function, on any thread. It never validates what `raw` brings; a JSONText is proved
// already.
//
// The array is as long as its room, and what is beyond the text is zeros: a token is copied to its place, where an append for
// each of its parts (comma, quote, name, quote, colon) would look after the array's room and owner five times.

/// Appends one minified JSON value, token by token.
///
/// Two values in a row at the top level, or a value in an object without a name, are the caller's mistake.
public struct JSONWriter: Sendable {
    /// The text and the room behind it.
    private var room: [UInt8]
    private var count = 0
    private var needsComma = false
    private var depth = 0

    /// - Parameter reserving: how many bytes the caller expects to write.
    public init(reserving: Int = 256) {
        // `Array(repeating:count:)` asks the runtime for its storage's metadata at each call: a third of a small object's price.
        room = []
        room.reserveCapacity(max(reserving, 16))
        room.append(contentsOf: repeatElement(0, count: max(reserving, 16)))
    }

    /// What was written so far.
    public var bytes: [UInt8] {
        var text = room
        text.removeLast(text.count - count)
        return text
    }

    /// How long that is.
    public var byteCount: Int { count }

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
        putString(name, behind: ASCII.colon)
        needsComma = false
    }

    /// The same for a name that stands in the program and holds nothing that JSON escapes: nobody looks for that.
    package mutating func name(plain name: StaticString) {
        let length = name.utf8CodeUnitCount
        makeRoom(length + 4)
        let comma = needsComma ? 1 : 0
        let start = count
        room.withUnsafeMutableBufferPointer { room in
            guard let base = room.baseAddress else { return }
            let at = base + start
            at[0] = ASCII.comma
            at[comma] = ASCII.quote
            (at + comma + 1).update(from: name.utf8Start, count: length)
            at[comma + length + 1] = ASCII.quote
            at[comma + length + 2] = ASCII.colon
        }
        count = start + comma + length + 3
        needsComma = false
    }

    /// A string; quotes, backslashes and control characters are escaped, all else stays as it is.
    public mutating func string(_ value: String) {
        putString(value, behind: nil)
        needsComma = true
    }

    /// Opens a string that comes in pieces, none of which holds anything that JSON escapes: URLs, times, ids. No string is
    /// built for them elsewhere first.
    public mutating func beginPlainString() {
        separate()
        put(ASCII.quote)
    }

    /// A piece of the string that is open.
    public mutating func appendPlain(_ piece: String) {
        var piece = piece
        piece.withUTF8 { put($0) }
    }

    /// A piece of the string that is open.
    public mutating func appendPlain(_ piece: UnsafeBufferPointer<UInt8>) {
        put(piece)
    }

    /// The digits of a number in the string that is open.
    public mutating func appendPlain(_ number: Int64) {
        if number < 0 { put(ASCII.minus) }
        appendDigits(number.magnitude)
    }

    /// Closes the string that is open.
    public mutating func endPlainString() {
        put(ASCII.quote)
    }

    /// A whole number, all digits.
    public mutating func int(_ value: Int) { int(Int64(value)) }

    /// A whole number, all digits.
    public mutating func int(_ value: Int64) {
        separate()
        if value < 0 { put(ASCII.minus) }
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
        appendPlain(value.isFinite ? value.description : "null")
    }

    /// So many hundredths, not less than none: what `double` writes of their hundredth part, without the search for the shortest digits.
    package mutating func hundredths(_ value: Int) {
        int(value / 100)
        let rest = UInt8(value % 100)
        put(ASCII.point)
        put(ASCII.zero + rest / 10)
        if rest % 10 > 0 { put(ASCII.zero + rest % 10) }
    }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) {
        separate()
        appendPlain(value ? "true" : "false")
    }

    /// `null`.
    public mutating func null() {
        separate()
        appendPlain("null")
    }

    /// A value that is JSON text already, as it is.
    public mutating func raw(_ value: JSONText) {
        separate()
        value.bytes.withUnsafeBufferPointer { put($0) }
    }

    /// The finished value. All containers are closed and one value was written; anything else is the caller's mistake.
    public consuming func finish() -> JSONText {
        precondition(depth == 0 && count > 0, "JSON text is not complete")
        room.removeLast(room.count - count)
        return JSONText(trusted: room)
    }

    // MARK: Tokens

    private mutating func separate() {
        if needsComma { put(ASCII.comma) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        put(bracket)
        needsComma = false
        depth += 1
    }

    private mutating func close(_ bracket: UInt8) {
        precondition(depth > 0, "no JSON container is open")
        put(bracket)
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
            put(UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }

    /// A comma where one is due, the string in its quotes, and one byte more.
    private mutating func putString(_ value: String, behind last: UInt8?) {
        var value = value
        value.withUTF8 { utf8 in
            let plain = utf8.baseAddress.map { StringScan.firstEscapable($0, from: 0, to: utf8.count) } ?? 0
            guard plain == utf8.count else { return putEscaped(utf8, plain, behind: last) }
            makeRoom(utf8.count + 4)
            room.withUnsafeMutableBufferPointer { room in
                guard let start = room.baseAddress else { return }
                var at = start + count
                if needsComma {
                    at[0] = ASCII.comma
                    at += 1
                }
                at[0] = ASCII.quote
                if let base = utf8.baseAddress { (at + 1).update(from: base, count: utf8.count) }
                at += utf8.count + 1
                at[0] = ASCII.quote
                at += 1
                if let last {
                    at[0] = last
                    at += 1
                }
                count = at - start
            }
        }
    }

    /// Plain text goes over in runs. U+2028 and U+2029 stay as they are: JSON allows them, and no script evaluates this
    /// text.
    /// - Parameter firstEscape: where the first run ends.
    private mutating func putEscaped(_ utf8: UnsafeBufferPointer<UInt8>, _ firstEscape: Int, behind last: UInt8?) {
        guard let base = utf8.baseAddress else { return }
        separate()
        put(ASCII.quote)
        var at = 0
        var end = firstEscape
        while true {
            put(UnsafeBufferPointer(start: base + at, count: end - at))
            guard end < utf8.count else { break }
            putEscape(base[end])
            at = end + 1
            end = StringScan.firstEscapable(base, from: at, to: utf8.count)
        }
        put(ASCII.quote)
        if let last { put(last) }
    }

    private mutating func putEscape(_ byte: UInt8) {
        put(ASCII.backslash)
        switch byte {
        case ASCII.quote, ASCII.backslash: put(byte)
        case 0x08: put(UInt8(ascii: "b"))
        case 0x0C: put(UInt8(ascii: "f"))
        case ASCII.lineFeed: put(UInt8(ascii: "n"))
        case ASCII.carriageReturn: put(UInt8(ascii: "r"))
        case ASCII.tab: put(UInt8(ascii: "t"))
        default:
            let low = byte & 0x0F
            appendPlain("u00")
            put(ASCII.zero + byte >> 4)
            put(low < 10 ? ASCII.zero + low : UInt8(ascii: "a") + low - 10)
        }
    }

    // MARK: Room

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        makeRoom(1)
        room[count] = byte
        count += 1
    }

    @inline(__always)
    private mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let base = bytes.baseAddress else { return }
        makeRoom(bytes.count)
        room.withUnsafeMutableBufferPointer { room in
            guard let start = room.baseAddress else { return }
            (start + count).update(from: base, count: bytes.count)
        }
        count += bytes.count
    }

    @inline(__always)
    private mutating func makeRoom(_ wanted: Int) {
        if room.count - count < wanted { grow(wanted) }
    }

    /// At least doubles, so that a long text costs its own length.
    @inline(never)
    private mutating func grow(_ wanted: Int) {
        room.append(contentsOf: repeatElement(0, count: max(room.count, wanted)))
    }
}
