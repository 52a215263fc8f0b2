// What the server counts, as a test reads it from /metrics.

extension TestClient {
    /// How often the bound of that setting was reached.
    func hits(_ limit: String) throws -> Int {
        try metric("millstream_limit_hits_total{limit=\"\(limit)\"}")
    }

    /// One series by its name and labels; throws when it is not there.
    func metric(_ series: String) throws -> Int {
        try Self.metric(series, in: try get("/metrics").text)
    }

    static func metric(_ series: String, in text: String) throws -> Int {
        for line in text.split(separator: "\n") where line.hasPrefix(series + " ") {
            guard let value = Double(line.dropFirst(series.count + 1)) else { break }
            return Int(value)
        }
        throw TestFailure("no series \(series)")
    }
}
