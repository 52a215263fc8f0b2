/// Where a curve is going, in spite of its noise: medians of its first and last quarter, and a straight line through the medians of
/// twelve stretches. A spike that returns is shorter than a stretch and moves none of these; a leak moves the line, and a staircase the
/// medians. Pure.
package struct Trend: Sendable, Equatable, Codable {
    package static let stretches = 12

    /// Medians.
    package let firstQuarter: Double
    package let lastQuarter: Double
    /// Least squares.
    package let slopePerHour: Double
    /// From the first point to the last.
    package let seconds: Double

    /// Nil with fewer than two points for each stretch: too few to say anything.
    package init?(_ points: [(atS: Double, value: Double)]) {
        guard points.count >= 2 * Self.stretches, let first = points.first, let last = points.last,
            last.atS > first.atS
        else { return nil }
        let quarter = points.count / 4
        guard let head = Spread(points.prefix(quarter).map(\.value)),
            let tail = Spread(points.suffix(quarter).map(\.value))
        else { return nil }
        firstQuarter = head.median
        lastQuarter = tail.median
        seconds = last.atS - first.atS
        let line: [(x: Double, y: Double)] = (0..<Self.stretches).compactMap { number in
            let part = points[number * points.count / Self.stretches..<(number + 1) * points.count / Self.stretches]
            guard let time = Spread(part.map(\.atS)), let value = Spread(part.map(\.value)) else { return nil }
            return (time.median, value.median)
        }
        slopePerHour = Self.slope(line) * 3600
    }

    /// What the line rises by over the whole curve.
    package var lineGrowth: Double { slopePerHour * seconds / 3600 }

    /// The larger of both ways to see it; negative when the curve falls.
    package var growth: Double { max(lastQuarter - firstQuarter, lineGrowth) }

    private static func slope(_ points: [(x: Double, y: Double)]) -> Double {
        let count = Double(points.count)
        let meanX = points.map(\.x).reduce(0, +) / count
        let meanY = points.map(\.y).reduce(0, +) / count
        let covariance = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
        let variance = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        return variance > 0 ? covariance / variance : 0
    }
}
