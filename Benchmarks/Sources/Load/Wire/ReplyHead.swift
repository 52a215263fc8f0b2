import CLoad
import Glibc

/// Status line and framing of a reply, out of the bytes of its head. Reads what a client needs and nothing else; a pure function.
struct ReplyHead: Equatable {
    var status = 0
    var isChunked = false
    /// Nil when the head gives none.
    var contentLength: Int?
    var closes = false
    /// Bytes up to and with the empty line.
    var length = 0

    /// Nil while the head is not whole.
    init?(_ bytes: Bytes, _ count: Int) {
        guard let end = cload_find(bytes, count, "\r\n\r\n", 4) else { return nil }
        length = end - bytes + 4
        var at = bytes
        var isFirst = true
        while at < end {
            let lineEnd = cload_find(at, end + 2 - at, "\r\n", 2) ?? end
            if isFirst {
                // HTTP/1.1 200 OK
                if lineEnd - at >= 12 { status = Self.number(at + 9, at + 12) ?? 0 }
                isFirst = false
            } else {
                readField(at, lineEnd)
            }
            at = lineEnd + 2
        }
    }

    private mutating func readField(_ start: Bytes, _ end: Bytes) {
        switch start[0] | 0x20 {
        case UInt8(ascii: "t"):
            guard let value = Self.value(start, end, "transfer-encoding:", 18) else { return }
            isChunked = Self.contains(value, end, "chunked", 7)
        case UInt8(ascii: "c"):
            if let value = Self.value(start, end, "content-length:", 15) {
                contentLength = Self.number(value, end)
            } else if let value = Self.value(start, end, "connection:", 11) {
                closes = Self.contains(value, end, "close", 5)
            }
        default: return
        }
    }

    private static func value(_ start: Bytes, _ end: Bytes, _ name: StaticString, _ length: Int) -> Bytes? {
        guard end - start >= length else { return nil }
        let isName = name.withUTF8Buffer { name in
            (0..<length).allSatisfy { start[$0] | 0x20 == name[$0] | 0x20 }
        }
        guard isName else { return nil }
        var value = start + length
        while value < end, value[0] == 0x20 || value[0] == 0x09 { value += 1 }
        return value
    }

    private static func contains(_ start: Bytes, _ end: Bytes, _ word: StaticString, _ length: Int) -> Bool {
        word.withUTF8Buffer { word in
            var at = start
            while end - at >= length {
                if (0..<length).allSatisfy({ at[$0] | 0x20 == word[$0] | 0x20 }) { return true }
                at += 1
            }
            return false
        }
    }

    private static func number(_ start: Bytes, _ end: Bytes) -> Int? {
        guard end > start, end - start <= 15 else { return nil }
        var number = 0
        var at = start
        while at < end, at[0] &- 0x30 < 10 {
            number = number * 10 + Int(at[0] - 0x30)
            at += 1
        }
        return at > start ? number : nil
    }
}
