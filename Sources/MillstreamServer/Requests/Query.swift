// The query of a request's target, decoded once.

/// Name-value pairs in their order. At most 256, enough for 64 logs and everything else.
struct Query {
    static let maxPairs = 256

    private let pairs: [(name: String, value: String)]

    init(_ text: Substring) throws(Problem) {
        var pairs: [(String, String)] = []
        for part in text.split(separator: "&") {
            guard pairs.count < Self.maxPairs else { throw Problem(.malformedRequest, "the query has too many parts") }
            let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(pieces[0], plusIsSpace: true),
                let value = PercentCoding.decode(pieces.count > 1 ? pieces[1] : "", plusIsSpace: true)
            else { throw Problem(.malformedRequest, "the query has a broken percent-encoding") }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    /// The first value of that name.
    func first(_ name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// All pairs whose name is one of these, in their order.
    func all(_ names: Set<String>) -> [(name: String, value: String)] {
        pairs.filter { names.contains($0.name) }
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
