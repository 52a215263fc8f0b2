// Walks the members or elements of one container without building anything: each step gives the ranges of a name and a
// value. Lives inside one call. It relies on the text being minified and valid to find the right ranges, but not to
// stay inside the bounds: a text that came through `JSONText(trusted:)` and is not JSON ends the walk.

struct JSONCursor {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let base: UnsafePointer<UInt8>
    private var at = 1

    /// A cursor before the first child; nil when the text does not begin with `opening` (a brace or a bracket).
    init?(_ bytes: UnsafeBufferPointer<UInt8>, opening: UInt8) {
        guard let base = bytes.baseAddress, bytes.first == opening else { return nil }
        self.bytes = bytes
        self.base = base
    }

    /// The next member: the range of its name between the quotes, and that of its value; nil behind the last.
    mutating func nextMember() -> (name: Range<Int>, value: Range<Int>)? {
        guard let start = nextChild(), bytes[start] == ASCII.quote else { return nil }
        let end = endOfString(start)
        guard end - start >= 2, end < bytes.count, bytes[end] == ASCII.colon else { return nil }
        let valueEnd = endOfValue(end + 1)
        guard valueEnd > end + 1 else { return nil }
        at = valueEnd
        return (start + 1..<end - 1, end + 1..<valueEnd)
    }

    /// The range of the next element; nil behind the last.
    mutating func nextElement() -> Range<Int>? {
        guard let start = nextChild() else { return nil }
        let end = endOfValue(start)
        guard end > start else { return nil }
        at = end
        return start..<end
    }

    /// Where the next child begins, behind the comma that ends the one before it.
    private func nextChild() -> Int? {
        guard at < bytes.count else { return nil }
        let start = at > 1 && bytes[at] == ASCII.comma ? at + 1 : at
        guard start < bytes.count, !isClosing(bytes[start]) else { return nil }
        return start
    }

    private func endOfValue(_ start: Int) -> Int {
        guard start < bytes.count else { return start }
        switch bytes[start] {
        case ASCII.quote: return endOfString(start)
        case ASCII.openBrace, ASCII.openBracket: return endOfContainer(start)
        default:
            var end = start
            while end < bytes.count, bytes[end] != ASCII.comma, !isClosing(bytes[end]) { end += 1 }
            return end
        }
    }

    private func endOfContainer(_ start: Int) -> Int {
        var depth = 0
        var end = start
        while end < bytes.count {
            switch bytes[end] {
            case ASCII.quote:
                end = endOfString(end)
                continue
            case ASCII.openBrace, ASCII.openBracket: depth += 1
            case ASCII.closeBrace, ASCII.closeBracket: depth -= 1
            default: break
            }
            end += 1
            if depth == 0 { return end }
        }
        return bytes.count
    }

    /// The index behind the closing quote of the string that opens at `start`.
    private func endOfString(_ start: Int) -> Int {
        var end = start + 1
        while end < bytes.count {
            end = StringScan.firstEscapable(base, from: end, to: bytes.count)
            guard end < bytes.count else { break }
            if bytes[end] == ASCII.quote { return end + 1 }
            end += bytes[end] == ASCII.backslash ? 2 : 1
        }
        return bytes.count
    }

    private func isClosing(_ byte: UInt8) -> Bool { byte == ASCII.closeBrace || byte == ASCII.closeBracket }
}
