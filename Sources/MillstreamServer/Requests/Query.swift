// The query of a request's target, decoded once.

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

    /// The first value of that name.
    func first(_ name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// A whole number within the range; another form is 400, another value 422.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = first(name) else { return nil }
        guard let value = Int(text) else { throw .field(.malformedRequest, name, "must be an integer") }
        guard range.contains(value) else {
            throw .field(.invalidValue, name, "must be \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
