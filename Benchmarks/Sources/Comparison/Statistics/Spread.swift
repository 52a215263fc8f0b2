// What several rounds found of one figure. Pure.

/// Median, smallest and largest of the rounds. Never empty.
package struct Spread: Sendable, Equatable {
    /// In the order of the rounds.
    package let values: [Double]
    package let median: Double
    package let min: Double
    package let max: Double

    /// Nil without values: a figure that nobody measured is not 0.
    package init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        self.values = values
        min = first
        max = last
        let half = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
    }
}

/// The smallest value that at least `share` of all values do not exceed (nearest rank); nil without values.
/// - Parameter share: 0 to 1.
package func quantile(_ share: Double, of values: [Double]) -> Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[Swift.min(Swift.max(rank, 1), sorted.count) - 1]
}
