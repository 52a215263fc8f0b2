// Byte classes of HTTP (RFC 9110 section 5.6) and comparisons without case. Pure functions on bytes.

enum ASCII {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    /// tchar: letters, digits and !#$%&'*+-.^_`|~ as a bit for each of the 128 ASCII characters.
    private static let tokenLow: UInt64 = 0x3ff_6cfa_0000_0000
    private static let tokenHigh: UInt64 = 0x57ff_ffff_c7ff_fffe

    /// Letters, digits and -._~% (what a registered name or an IPv4 address is made of here; no sub-delims).
    private static let hostLow: UInt64 = 0x3ff_6020_0000_0000
    private static let hostHigh: UInt64 = 0x47ff_fffe_87ff_fffe

    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        isMember(byte, low: tokenLow, high: tokenHigh)
    }

    static func isHostCharacter(_ byte: UInt8) -> Bool {
        isMember(byte, low: hostLow, high: hostHigh)
    }

    /// Visible ASCII: what a request target may consist of, besides "#" (RFC 9112 section 3.2).
    static func isTargetCharacter(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
    }

    /// Visible characters, space, tab and obs-text: what a field value may consist of (RFC 9110 section 5.5).
    @inline(__always)
    static func isValueCharacter(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != 0x7F : byte == tab
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    static func equalsIgnoringCase(_ bytes: some Collection<UInt8>, _ text: String) -> Bool {
        guard bytes.count == text.utf8.count else { return false }
        // Byte by byte through a String's view is several times slower.
        let isEqual = bytes.withContiguousStorageIfAvailable { bytes in
            text.utf8.withContiguousStorageIfAvailable { text in
                bytes.indices.allSatisfy { lowercased(bytes[$0]) == lowercased(text[$0]) }
            }
        }
        return isEqual.flatMap { $0 } ?? zip(bytes, text.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    /// `text` is in lower case.
    static func equalsIgnoringCase(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        return zip(bytes, UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
            .allSatisfy { lowercased($0) == $1 }
    }

    static func equals(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount
            && bytes.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Without the spaces and tabs at both ends.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = bytes
        while let first = slice.first, first == space || first == tab { slice.removeFirst() }
        while let last = slice.last, last == space || last == tab { slice.removeLast() }
        return slice
    }

    @inline(__always)
    private static func isMember(_ byte: UInt8, low: UInt64, high: UInt64) -> Bool {
        switch byte {
        case 0..<64: low >> UInt64(byte) & 1 == 1
        case 64..<128: high >> UInt64(byte - 64) & 1 == 1
        default: false
        }
    }
}
