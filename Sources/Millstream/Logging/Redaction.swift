// Keeps tokens out of the log, wherever they come along: as a field of their own, in a request's target, in a header
// that is quoted in a message. Pure. It rather hides too much.

enum Redaction {
    static let mark = "[redacted]"

    private static let secretWords = [
        "token", "authorization", "password", "passwd", "secret", "cookie", "credential", "apikey", "ticket",
        "signature",
    ]
    /// What a query, a form or a header may call a secret; each is followed by `=` or `:`.
    private static let namesInText = [
        "token", "authorization", "password", "secret", "cookie", "api_key", "apikey", "api-key", "ticket", "signature",
        "jwt",
    ].map { Array($0.utf8) }
    private static let schemes = ["bearer ", "basic ", "bearer%20", "bearer+"].map { Array($0.utf8) }

    /// Whether a field of this name is not shown at all.
    static func isSecret(name: String) -> Bool {
        let name = name.lowercased().filter { $0 != "_" && $0 != "-" }
        return secretWords.contains { name.contains($0) }
    }

    /// The text without the values behind `token=`, `Authorization:`, `Bearer ` and the like, and without JWTs.
    static func redacted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            guard let secret = secret(in: bytes, from: at) else {
                result.append(bytes[at])
                at += 1
                continue
            }
            result += bytes[at..<secret.lowerBound]
            result += mark.utf8
            at = secret.upperBound
        }
        return result.count == bytes.count && result == bytes ? text : String(decoding: result, as: UTF8.self)
    }

    /// The secret whose introduction begins exactly at `start`.
    private static func secret(in bytes: [UInt8], from start: Int) -> Range<Int>? {
        switch bytes[start] | 0x20 {
        case UInt8(ascii: "b"):
            for scheme in schemes where matches(bytes, start, scheme) {
                let end = valueEnd(bytes, start + scheme.count, isHeader: false)
                if end > start + scheme.count { return start + scheme.count..<end }
            }
            return nil
        case UInt8(ascii: "e") where matches(bytes, start, Array("eyj".utf8)):
            return jwt(in: bytes, from: start)
        default: break
        }
        for name in namesInText where matches(bytes, start, name) {
            var at = start + name.count
            // A quote: {"token":"…"}, or the %22 of one.
            if at < bytes.count, bytes[at] == UInt8(ascii: "\"") { at += 1 }
            let isEncoded =
                at + 3 <= bytes.count && bytes[at..<at + 3].elementsEqual("%3d".utf8, by: { $0 | 0x20 == $1 | 0x20 })
            guard at < bytes.count, isEncoded || bytes[at] == UInt8(ascii: "=") || bytes[at] == UInt8(ascii: ":") else {
                continue
            }
            let isHeader = bytes[at] == UInt8(ascii: ":")
            at += isEncoded ? 3 : 1
            while at < bytes.count, bytes[at] == UInt8(ascii: " ") || bytes[at] == UInt8(ascii: "\"") { at += 1 }
            let end = valueEnd(bytes, at, isHeader: isHeader)
            if end > at { return at..<end }
        }
        return nil
    }

    /// Three parts of base64url with dots between them, the first an object (`eyJ` is `{"`).
    private static func jwt(in bytes: [UInt8], from start: Int) -> Range<Int>? {
        var end = start
        var dots = 0
        while end < bytes.count, isTokenByte(bytes[end]) || bytes[end] == UInt8(ascii: ".") {
            if bytes[end] == UInt8(ascii: ".") { dots += 1 }
            end += 1
        }
        return dots >= 2 && end - start > 20 ? start..<end : nil
    }

    /// A header's value goes to the end of its line or quote; a parameter's to the next separator.
    private static func valueEnd(_ bytes: [UInt8], _ start: Int, isHeader: Bool) -> Int {
        let stops = Array((isHeader ? "\r\n\"" : "&;,#\"' \t\r\n})]").utf8)
        return bytes[min(start, bytes.count)...].firstIndex { stops.contains($0) } ?? bytes.count
    }

    private static func matches(_ bytes: [UInt8], _ start: Int, _ lowercased: [UInt8]) -> Bool {
        guard start + lowercased.count <= bytes.count else { return false }
        for (offset, wanted) in lowercased.enumerated() {
            let byte = bytes[start + offset]
            let folded = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            guard folded == wanted else { return false }
        }
        return true
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
