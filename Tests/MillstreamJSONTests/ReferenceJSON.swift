// A second opinion: the grammar of RFC 8259 once more, written down plainly and slowly, for comparison with the real
// one.

struct ReferenceJSON {
    private let bytes: [UInt8]
    private let maxDepth: Int
    private var at = 0
    private var minified: [UInt8] = []

    /// The minified text, or nil for what is not JSON.
    static func minify(_ bytes: [UInt8], maxDepth: Int = 128) -> [UInt8]? {
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) else {
            return nil
        }
        var reader = ReferenceJSON(bytes: bytes, maxDepth: maxDepth)
        guard reader.value(depth: 0), reader.at == bytes.count else { return nil }
        return reader.minified
    }

    private init(bytes: [UInt8], maxDepth: Int) {
        self.bytes = bytes
        self.maxDepth = maxDepth
    }

    private var peek: Character { at < bytes.count ? Character(Unicode.Scalar(bytes[at])) : "\u{0}" }

    private mutating func take() {
        minified.append(bytes[at])
        at += 1
    }

    private mutating func take(_ wanted: Character) -> Bool {
        guard at < bytes.count, peek == wanted else { return false }
        take()
        return true
    }

    private mutating func space() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    private mutating func value(depth: Int) -> Bool {
        space()
        let isRead =
            switch peek {
            case "{": list(close: "}", depth: depth) { $0.string() && $0.spaced(":") && $0.value(depth: depth + 1) }
            case "[": list(close: "]", depth: depth) { $0.value(depth: depth + 1) }
            case "\"": string()
            case "t": word("true")
            case "f": word("false")
            case "n": word("null")
            default: number()
            }
        space()
        return isRead
    }

    private mutating func spaced(_ wanted: Character) -> Bool {
        space()
        return take(wanted)
    }

    private mutating func list(close: Character, depth: Int, child: (inout Self) -> Bool) -> Bool {
        guard depth < maxDepth else { return false }
        take()
        space()
        if take(close) { return true }
        repeat {
            space()
            guard child(&self) else { return false }
            space()
        } while take(",")
        return take(close)
    }

    private mutating func word(_ word: String) -> Bool { word.allSatisfy { take($0) } }

    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0") {
            guard peek.isASCII, peek.isNumber else { return false }
            _ = digits()
        }
        if take("."), !digits() { return false }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            return digits()
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = at
        while at < bytes.count, (0x30...0x39).contains(bytes[at]) { take() }
        return at > start
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while at < bytes.count, bytes[at] >= 0x20 {
            if take("\"") { return true }
            guard take("\\") else {
                take()
                continue
            }
            if take("u") {
                for _ in 0..<4 {
                    guard peek.isASCII, peek.isHexDigit else { return false }
                    take()
                }
            } else {
                guard "\"\\/bfnrt".contains(peek) else { return false }
                take()
            }
        }
        return false
    }
}
