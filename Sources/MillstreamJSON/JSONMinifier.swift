// One pass over a text that a peer sent: it is proved to be one JSON value, and the white space between its tokens is
// left out. Owns nothing but its position and, once there was white space, the shortened copy; lives inside one call on
// any thread. It never recurses (the open containers are bits of one number), so no text can exhaust a stack, and it
// never reads past `count`: each read is behind a comparison with it.

/// Validates by RFC 8259 and minifies in the same pass.
struct JSONMinifier {
    /// One bit per open container is what fits into the stack word; more depth than that nobody's payload needs.
    static let depthLimit = 128

    private let input: UnsafePointer<UInt8>
    private let count: Int
    private let maxDepth: Int
    private var at = 0
    /// The start of the bytes that were accepted and not yet copied.
    private var runStart = 0
    private var shortened: [UInt8] = []
    private var foundSpace = false
    private var depth = 0
    /// The open containers, innermost in the lowest bit: 1 is an object, 0 an array.
    private var containers: UInt128 = 0

    private init(_ input: UnsafePointer<UInt8>, count: Int, maxDepth: Int) {
        self.input = input
        self.count = count
        self.maxDepth = min(max(maxDepth, 0), Self.depthLimit)
    }

    /// The minified text, or nil when the input already was minified: the caller then keeps its own bytes without a
    /// copy.
    static func minify(
        _ bytes: UnsafeBufferPointer<UInt8>,
        maxDepth: Int
    ) -> Result<[UInt8]?, JSONSyntaxError> {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            return .failure(JSONSyntaxError(offset: 0, reason: "empty text"))
        }
        var minifier = JSONMinifier(base, count: bytes.count, maxDepth: maxDepth)
        do throws(JSONSyntaxError) {
            try minifier.document()
        } catch {
            return .failure(error)
        }
        return .success(minifier.foundSpace ? minifier.finishedCopy() : nil)
    }

    private mutating func document() throws(JSONSyntaxError) {
        if count >= 3, input[0] == 0xEF, input[1] == 0xBB, input[2] == 0xBF { throw fault("byte order mark") }
        skipSpace()
        repeat {
            let closed = try value()
            if closed { try afterValue() }
        } while depth > 0
        guard at == count else { throw fault("text after the value") }
    }

    /// Reads one scalar or the opening of one container; false when a container was opened and now waits for its first
    /// value.
    @inline(__always)
    private mutating func value() throws(JSONSyntaxError) -> Bool {
        guard at < count else { throw fault("text ends where a value should be") }
        switch input[at] {
        case ASCII.openBrace: return try openObject()
        case ASCII.openBracket: return try openArray()
        case ASCII.quote: try string()
        case ASCII.minus, ASCII.zero...ASCII.nine: try number()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: throw fault("not a value")
        }
        return true
    }

    /// Reads what follows a complete value: closing brackets as many as there are, up to the place of the next value or
    /// the end.
    @inline(__always)
    private mutating func afterValue() throws(JSONSyntaxError) {
        while true {
            skipSpace()
            guard depth > 0 else { return }
            guard at < count else { throw fault("text ends inside a container") }
            let inObject = containers & 1 == 1
            let byte = input[at]
            if byte == ASCII.comma {
                at += 1
                skipSpace()
                if inObject { try name() }
                return
            }
            guard byte == (inObject ? ASCII.closeBrace : ASCII.closeBracket) else {
                throw fault(inObject ? "neither a comma nor a closing brace" : "neither a comma nor a closing bracket")
            }
            close()
        }
    }

    private mutating func openObject() throws(JSONSyntaxError) -> Bool {
        try open(isObject: 1)
        if at < count, input[at] == ASCII.closeBrace {
            close()
            return true
        }
        try name()
        return false
    }

    private mutating func openArray() throws(JSONSyntaxError) -> Bool {
        try open(isObject: 0)
        guard at < count, input[at] == ASCII.closeBracket else { return false }
        close()
        return true
    }

    private mutating func open(isObject: UInt128) throws(JSONSyntaxError) {
        guard depth < maxDepth else { throw fault("nested deeper than \(maxDepth)") }
        depth += 1
        containers = containers &<< 1 | isObject
        at += 1
        skipSpace()
    }

    private mutating func close() {
        at += 1
        depth -= 1
        containers = containers &>> 1
    }

    private mutating func name() throws(JSONSyntaxError) {
        guard at < count, input[at] == ASCII.quote else { throw fault("not a member name") }
        try string()
        skipSpace()
        guard at < count, input[at] == ASCII.colon else { throw fault("no colon after a member name") }
        at += 1
        skipSpace()
    }

    private mutating func literal(_ word: StaticString) throws(JSONSyntaxError) {
        let length = word.utf8CodeUnitCount
        guard count - at >= length else { throw fault("not a value") }
        for index in 0..<length where input[at + index] != word.utf8Start[index] { throw fault("not a value") }
        at += length
    }

    // MARK: White space

    @inline(__always)
    private mutating func skipSpace() {
        if at < count, input[at] <= ASCII.space, ASCII.isSpace(input[at]) { cutSpace() }
    }

    private mutating func cutSpace() {
        if !foundSpace {
            foundSpace = true
            shortened.reserveCapacity(count)
        }
        copyRun()
        while at < count, ASCII.isSpace(input[at]) { at += 1 }
        runStart = at
    }

    private mutating func copyRun() {
        if at > runStart {
            shortened.append(contentsOf: UnsafeBufferPointer(start: input + runStart, count: at - runStart))
        }
    }

    /// A text that was mostly white space must not keep its size in memory: the value may be held for hours.
    private mutating func finishedCopy() -> [UInt8] {
        copyRun()
        guard shortened.capacity > 2 * shortened.count + 64 else { return shortened }
        return shortened.withUnsafeBufferPointer { Array($0) }
    }

    // MARK: Numbers

    private mutating func number() throws(JSONSyntaxError) {
        if input[at] == ASCII.minus { at += 1 }
        if at < count, input[at] == ASCII.zero {
            at += 1
            if at < count, ASCII.isDigit(input[at]) { throw fault("number with a leading zero") }
        } else {
            try digits()
        }
        if at < count, input[at] == ASCII.point {
            at += 1
            try digits()
        }
        if at < count, input[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < count, input[at] == ASCII.plus || input[at] == ASCII.minus { at += 1 }
            try digits()
        }
    }

    @inline(__always)
    private mutating func digits() throws(JSONSyntaxError) {
        let start = at
        while at < count, ASCII.isDigit(input[at]) { at += 1 }
        if at == start { throw fault("number without a digit where one must be") }
    }

    // MARK: Strings

    private mutating func string() throws(JSONSyntaxError) {
        at += 1
        while true {
            at = StringScan.firstSpecial(input, from: at, to: count)
            guard at < count else { throw fault("text ends inside a string") }
            let byte = input[at]
            if byte == ASCII.quote {
                at += 1
                return
            } else if byte == ASCII.backslash {
                try escape()
            } else if byte < 0x20 {
                throw fault("control character in a string")
            } else {
                try nonASCII()
            }
        }
    }

    private mutating func escape() throws(JSONSyntaxError) {
        guard count - at >= 2 else { throw JSONSyntaxError(offset: count, reason: "text ends inside a string") }
        switch input[at + 1] {
        case ASCII.quote, ASCII.backslash, ASCII.slash, UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            // A lone surrogate is allowed by the grammar (RFC 8259, 8.2) and stays as it came; `stringValue` replaces
            // it.
            guard count - at >= 6 else { throw JSONSyntaxError(offset: count, reason: "text ends inside a string") }
            for index in 2..<6 where ASCII.hexValue(input[at + index]) == nil {
                throw fault("escape without four hex digits")
            }
            at += 6
        default:
            throw fault("unknown escape")
        }
    }

    /// Passes well-formed UTF-8 (Unicode 15, table 3-7: no overlong form, no surrogate, nothing above U+10FFFF), and
    /// single ASCII characters that need no look: text of other scripts comes in runs with spaces between.
    private mutating func nonASCII() throws(JSONSyntaxError) {
        var next = at
        while next < count {
            let first = input[next]
            let left = count - next
            if first < 0x80 {
                guard first >= 0x20, first != ASCII.quote, first != ASCII.backslash else { break }
                guard left > 1, input[next + 1] > 0x7F else { break }
                next += 1
            } else if first < 0xE0 {
                guard first >= 0xC2, left >= 2, isTail(next + 1) else { throw fault("not UTF-8", at: next) }
                next += 2
            } else if first < 0xF0 {
                guard left >= 3, isTail(next + 1), isTail(next + 2), isThreeByteSecond(input[next + 1], after: first)
                else {
                    throw fault("not UTF-8", at: next)
                }
                next += 3
            } else {
                guard left >= 4, isTail(next + 1), isTail(next + 2), isTail(next + 3),
                    isFourByteSecond(input[next + 1], after: first)
                else { throw fault("not UTF-8", at: next) }
                next += 4
            }
        }
        at = next
    }

    @inline(__always)
    private func isTail(_ index: Int) -> Bool { input[index] & 0xC0 == 0x80 }

    /// Neither overlong nor a surrogate.
    @inline(__always)
    private func isThreeByteSecond(_ second: UInt8, after first: UInt8) -> Bool {
        first == 0xE0 ? second >= 0xA0 : (first != 0xED || second < 0xA0)
    }

    /// Neither overlong nor above U+10FFFF.
    @inline(__always)
    private func isFourByteSecond(_ second: UInt8, after first: UInt8) -> Bool {
        first == 0xF0 ? second >= 0x90 : (first < 0xF4 || (first == 0xF4 && second < 0x90))
    }

    @inline(never)
    private func fault(_ reason: String, at offset: Int) -> JSONSyntaxError {
        JSONSyntaxError(offset: offset, reason: reason)
    }

    @inline(never)
    private func fault(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(offset: at, reason: reason) }
}
