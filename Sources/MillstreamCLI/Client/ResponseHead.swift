// The head of an HTTP answer. A value; reads what a server or a proxy in front of it sends, and refuses what is no
// HTTP/1.

/// Status and header fields.
struct ResponseHead: Equatable {
    static let maxBytes = 65_536

    var status: Int
    /// Names in lower case, in their order.
    var fields: [(name: String, value: String)]

    static func == (one: ResponseHead, other: ResponseHead) -> Bool {
        one.status == other.status && one.fields.elementsEqual(other.fields, by: ==)
    }

    /// The first field of that (lower-case) name.
    subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    var isChunked: Bool { self["transfer-encoding"]?.lowercased().hasSuffix("chunked") == true }

    /// Reads the head out of `bytes` and removes it from there; nil while its end did not come.
    static func take(from bytes: inout [UInt8]) throws(ClientFailure) -> ResponseHead? {
        guard let end = endOfHead(bytes) else {
            guard bytes.count <= maxBytes else { throw .badAnswer("its head is longer than \(maxBytes) bytes") }
            return nil
        }
        let text = String(decoding: bytes[..<end], as: UTF8.self)
        bytes.removeFirst(end)
        let lines = text.split(whereSeparator: \.isNewline)
        let words = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), (100...599).contains(status)
        else { throw .badAnswer("it does not begin with HTTP/1.1 and a status") }
        let fields = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return (line[..<colon].lowercased(), String(value))
        }
        return ResponseHead(status: status, fields: fields)
    }

    /// Behind the empty line.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        var at = 0
        while let feed = bytes[at...].firstIndex(of: 0x0A) {
            at = feed + 1
            if at < bytes.count, bytes[at] == 0x0A { return at + 1 }
            if at + 1 < bytes.count, bytes[at] == 0x0D, bytes[at + 1] == 0x0A { return at + 2 }
        }
        return nil
    }
}
