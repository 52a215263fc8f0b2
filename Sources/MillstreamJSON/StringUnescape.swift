// From the inside of a JSON string literal to its characters. Pure functions; they stay inside the bounds whatever the
// bytes are, because a text may also come from `JSONText(trusted:)`.

enum StringUnescape {
    /// The characters between the quotes. A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.
    static func string(_ inner: UnsafeBufferPointer<UInt8>) -> String {
        guard inner.contains(ASCII.backslash) else { return String(decoding: inner, as: UTF8.self) }
        return String(decoding: utf8(inner), as: UTF8.self)
    }

    /// The same as UTF-8.
    static func utf8(_ inner: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(inner.count)
        var at = 0
        while at < inner.count {
            let byte = inner[at]
            if byte == ASCII.backslash {
                at = unescape(inner, at, into: &result)
            } else {
                result.append(byte)
                at += 1
            }
        }
        return result
    }

    /// Whether an escape in it is half a character, so that ``string(_:)`` is not what was written.
    static func hasLoneSurrogate(_ inner: UnsafeBufferPointer<UInt8>) -> Bool {
        var at = 0
        while at < inner.count {
            guard inner[at] == ASCII.backslash else {
                at += 1
                continue
            }
            guard let unit = codeUnit(inner, at), unit & 0xF800 == 0xD800 else {
                at += 2
                continue
            }
            let isHigh = unit & 0xFC00 == 0xD800
            guard isHigh, let low = codeUnit(inner, at + 6), low & 0xFC00 == 0xDC00 else { return true }
            at += 12
        }
        return false
    }

    /// Appends what the escape at `at` stands for; the index behind it.
    private static func unescape(_ inner: UnsafeBufferPointer<UInt8>, _ at: Int, into result: inout [UInt8]) -> Int {
        guard at + 1 < inner.count else {
            append(0xFFFD, to: &result)
            return inner.count
        }
        switch inner[at + 1] {
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(ASCII.lineFeed)
        case UInt8(ascii: "r"): result.append(ASCII.carriageReturn)
        case UInt8(ascii: "t"): result.append(ASCII.tab)
        case UInt8(ascii: "u"): return unescapeUnit(inner, at, into: &result)
        case let character: result.append(character)
        }
        return at + 2
    }

    private static func unescapeUnit(_ inner: UnsafeBufferPointer<UInt8>, _ at: Int, into result: inout [UInt8]) -> Int
    {
        guard let unit = codeUnit(inner, at) else {
            append(0xFFFD, to: &result)
            return at + 2
        }
        if unit & 0xFC00 == 0xD800, let low = codeUnit(inner, at + 6), low & 0xFC00 == 0xDC00 {
            append(0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF)), to: &result)
            return at + 12
        }
        append(unit, to: &result)
        return at + 6
    }

    /// The value of the `\uXXXX` at `at`, if one is there.
    private static func codeUnit(_ inner: UnsafeBufferPointer<UInt8>, _ at: Int) -> UInt32? {
        guard at + 6 <= inner.count, inner[at] == ASCII.backslash, inner[at + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var value: UInt32 = 0
        for index in at + 2..<at + 6 {
            guard let digit = ASCII.hexValue(inner[index]) else { return nil }
            value = value << 4 | digit
        }
        return value
    }

    private static func append(_ value: UInt32, to result: inout [UInt8]) {
        result.append(contentsOf: UTF8.encode(Unicode.Scalar(value) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
    }
}
