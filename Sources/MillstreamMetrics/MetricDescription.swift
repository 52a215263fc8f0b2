// What is said about a metric beside its values. A value.

/// Help text and histogram buckets of one metric.
public struct MetricDescription: Sendable, Hashable {
    /// As it is rendered.
    public var name: String
    /// One line for `# HELP`.
    public var help: String
    /// Upper bounds of a histogram's buckets, ascending, without infinity; nil for those that the name suggests.
    public var buckets: [Double]?

    public init(_ name: String, help: String, buckets: [Double]? = nil) {
        self.name = name
        self.help = help
        self.buckets = buckets
    }

    /// From 50 µs to 10 s: what a tick takes, and what a user notices.
    public static let latencyBuckets: [Double] = [
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// From 64 B to 64 MiB.
    public static let sizeBuckets: [Double] = (3...13).map { Double(sign: .plus, exponent: 2 * $0, significand: 1) }
    /// From 1 to 16,384.
    public static let countBuckets: [Double] = (0...14).map { Double(sign: .plus, exponent: $0, significand: 1) }

    static func defaultBuckets(for name: String) -> [Double] {
        if name.hasSuffix("_seconds") { return latencyBuckets }
        return name.hasSuffix("_bytes") ? sizeBuckets : countBuckets
    }
}
