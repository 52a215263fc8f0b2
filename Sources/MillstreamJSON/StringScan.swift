// Eight bytes at a time through the inside of strings, for the validator, the cursor and the writer. Pure functions;
// they read nothing outside `start..<end`.

/// Finds the bytes inside a string that need a look: quote, backslash, control characters and, on demand, non-ASCII.
///
/// Strings are most of a payload, and most of their bytes are plain: eight are judged at once.
enum StringScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The index of the first byte in `start..<end` that is a quote, a backslash, below 0x20 or above 0x7F; `end` if
    /// none is.
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
