// Percent-encoding of paths and queries (RFC 3986 section 2.1, application/x-www-form-urlencoded for queries).

enum PercentCoding {
    /// Of a request target, which consists of visible ASCII. Nil for an incomplete escape, an escaped NUL, or bytes that are not UTF-8.
    static func decode(_ source: ArraySlice<UInt8>, plusIsSpace: Bool) -> String? {
        guard source.contains(where: { $0 == 0x25 || $0 == 0x2B }) else {
            return String(decoding: source, as: UTF8.self)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.count)
        var index = source.startIndex
        while index < source.endIndex {
            let byte = source[index]
            index += 1
            switch byte {
            case 0x25:
                guard index + 1 < source.endIndex, let high = hex(source[index]), let low = hex(source[index + 1]),
                    high | low != 0
                else { return nil }
                index += 2
                bytes.append(high << 4 | low)
            case 0x2B where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
