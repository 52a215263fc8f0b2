// Which method a refused head asked for, as far as its refusal depends on it: the client of a HEAD reads no body, and would take one
// for its next reply. The head may be cut short or wrong, so nothing is asked of it but its first bytes. A value.

/// The first word of a head.
enum FirstWord {
    case head, other
    /// What came so far may become either.
    case unknown

    init(of bytes: some Sequence<UInt8>) {
        let start = Array(bytes.lazy.drop { $0 == ASCII.carriageReturn || $0 == ASCII.lineFeed }.prefix(5))
        let word = start.prefix { $0 > ASCII.space }
        let isCutShort = word.count == start.count && word.count < 5
        if isCutShort, "HEAD".utf8.starts(with: word) {
            self = .unknown
        } else {
            self = word.elementsEqual("HEAD".utf8) ? .head : .other
        }
    }
}
