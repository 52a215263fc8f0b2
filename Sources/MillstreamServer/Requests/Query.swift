// The query of a request's target, decoded once. Routes ask it for the members they know; what nobody asks for stays without effect,
// because clients and proxies add members of their own against caches.

/// Name-value pairs in their order. At most 256, enough for 64 logs and everything else.
struct Query {
    static let maxPairs = 256

    let pairs: [(name: String, value: String)]

    /// Of the bytes behind the question mark.
    init(_ text: ArraySlice<UInt8>) throws(Problem) {
        var pairs: [(name: String, value: String)] = []
        var start = text.startIndex
        while start < text.endIndex {
            let end = text[start...].firstIndex(of: UInt8(ascii: "&")) ?? text.endIndex
            let part = text[start..<end]
            start = end + 1
            guard !part.isEmpty else { continue }
            guard pairs.count < Self.maxPairs else { throw Problem(.malformedRequest, "the query has too many parts") }
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = PercentCoding.decode(part[..<equals], plusIsSpace: true),
                let value = PercentCoding.decode(part[equals...].dropFirst(), plusIsSpace: true)
            else { throw Problem(.malformedRequest, "the query has a broken percent-encoding") }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    /// The value of a member that takes one; nil when it is not there. Given twice it is ambiguous, even if it says the same twice:
    /// a proxy or a log may have seen the other one.
    func value(_ name: String) throws(Problem) -> String? {
        var found: String?
        for pair in pairs where pair.name == name {
            guard found == nil else { throw .field(.malformedRequest, name, "must not be given more than once") }
            found = pair.value
        }
        return found
    }

    /// A whole number within the range; what is no number is 400, another number 422.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = try value(name) else { return nil }
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .field(.malformedRequest, name, "must be an integer")
        }
        // Nil: more digits than any range has.
        guard let value = Int(text), range.contains(value) else {
            throw .field(.invalidValue, name, "must be \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
