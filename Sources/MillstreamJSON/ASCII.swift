// The bytes that JSON gives a meaning to, by name, and the eight-bytes-at-a-time test that finds them. Pure functions.

enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let minus: UInt8 = 0x2D
    static let point: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let zero: UInt8 = 0x30
    static let nine: UInt8 = 0x39
    static let colon: UInt8 = 0x3A
    static let openBracket: UInt8 = 0x5B
    static let backslash: UInt8 = 0x5C
    static let closeBracket: UInt8 = 0x5D
    static let openBrace: UInt8 = 0x7B
    static let closeBrace: UInt8 = 0x7D

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }

    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool {
        byte == space || byte == lineFeed || byte == carriageReturn || byte == tab
    }

    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x37)
        case 0x61...0x66: UInt32(byte - 0x57)
        default: nil
        }
    }
}

/// Finds the bytes inside a string that need a look: quote, backslash, control characters and, on demand, non-ASCII.
///
/// Strings are most of a payload, and most of their bytes are plain: eight are judged at once.
enum StringScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The index of the first byte in `start..<end` that is a quote, a backslash, below 0x20 or above 0x7F; `end` if none is.
    ///
    /// A set flag can be wrong only above a right one (the subtraction borrows upwards), so the lowest is always right.
    @inline(__always)
    static func firstSpecial(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var at = start
        while end - at >= 8 {
            let word = load(bytes, at)
            let quotes = word ^ (ones &* UInt64(ASCII.quote))
            let backslashes = word ^ (ones &* UInt64(ASCII.backslash))
            let controls = (word &- (ones &* 0x20)) & ~word
            let hits =
                (((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | controls | word) & highBits
            if hits != 0 { return at + hits.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < end {
            let byte = bytes[at]
            if byte == ASCII.quote || byte == ASCII.backslash || byte < 0x20 || byte > 0x7F { return at }
            at += 1
        }
        return end
    }

    /// The index of the first byte in `start..<end` that is a quote, a backslash or below 0x20; `end` if none is.
    @inline(__always)
    static func firstEscapable(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var at = start
        while end - at >= 8 {
            let word = load(bytes, at)
            let quotes = word ^ (ones &* UInt64(ASCII.quote))
            let backslashes = word ^ (ones &* UInt64(ASCII.backslash))
            let controls = (word &- (ones &* 0x20)) & ~word
            let hits = (((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | controls) & highBits
            if hits != 0 { return at + hits.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < end {
            let byte = bytes[at]
            if byte == ASCII.quote || byte == ASCII.backslash || byte < 0x20 { return at }
            at += 1
        }
        return end
    }

    @inline(__always)
    private static func load(_ bytes: UnsafePointer<UInt8>, _ at: Int) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(bytes + at).loadUnaligned(as: UInt64.self))
    }
}
