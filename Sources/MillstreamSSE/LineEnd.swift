// Finds the end of a line as event streams know it: CR or LF, whichever comes first. One pure function, used by the
// encoder and the parser, so that both cut at the same bytes.

enum LineEnd {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The index of the first CR or LF in `start..<end`; `end` if there is none.
    ///
    /// Eight bytes at a time. The subtraction marks zero bytes; a mark can be wrong only above a right one, so the
    /// lowest is right.
    @inline(__always)
    static func first(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var at = start
        while end - at >= 8 {
            let word = UInt64(littleEndian: UnsafeRawPointer(bytes + at).loadUnaligned(as: UInt64.self))
            let feeds = word ^ (ones &* UInt64(lineFeed))
            let returns = word ^ (ones &* UInt64(carriageReturn))
            let hits = (((feeds &- ones) & ~feeds) | ((returns &- ones) & ~returns)) & highBits
            if hits != 0 { return at + hits.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < end, bytes[at] != lineFeed, bytes[at] != carriageReturn { at += 1 }
        return at
    }
}
