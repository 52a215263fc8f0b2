import Foundation

// From values to places on an axis, and the ticks between. Pure.

package struct Scale: Sendable, Equatable {
    package enum Kind: Sendable, Equatable { case linear, logarithmic }

    package let kind: Kind
    /// Of the axis, a little wider than the values.
    package let low: Double
    package let high: Double
    /// Ascending, all within the axis.
    package let ticks: [Double]

    /// From 0 to a round number above all values, with three to six ticks.
    package static func linear(upTo largest: Double) -> Scale {
        guard largest > 0 else { return Scale(kind: .linear, low: 0, high: 1, ticks: [0, 1]) }
        let step = roundStep(largest / 4)
        let count = (largest / step - 1e-9).rounded(.up)
        return Scale(kind: .linear, low: 0, high: step * count, ticks: (0...Int(count)).map { Double($0) * step })
    }

    /// Around values that must not be seen as if they began at 0, such as a resident size that hardly moves.
    package static func linear(from smallest: Double, to largest: Double) -> Scale {
        guard smallest > 0, (largest - smallest) > 0 else { return linear(upTo: largest) }
        let step = roundStep((largest - smallest) / 3)
        let first = (smallest / step).rounded(.down)
        let last = (largest / step).rounded(.up)
        return Scale(
            kind: .linear, low: first * step, high: last * step,
            ticks: (0...Int(last - first)).map { (first + Double($0)) * step })
    }

    /// Powers of ten around all values; values of 0 and less have no place.
    package static func logarithmic(_ values: [Double]) -> Scale {
        let positive = values.filter { $0 > 0 }
        guard let smallest = positive.min(), let largest = positive.max() else {
            return Scale(kind: .logarithmic, low: 1, high: 10, ticks: [1, 10])
        }
        let first = log10(smallest).rounded(.down)
        let last = Swift.max(log10(largest).rounded(.up), first + 1)
        return Scale(
            kind: .logarithmic, low: pow(10, first), high: pow(10, last),
            ticks: stride(from: first, through: last, by: 1).map { pow(10, $0) })
    }

    /// 0 at the low end, 1 at the high one; what lies outside is put on the nearer end.
    package func place(_ value: Double) -> Double {
        let share: Double
        switch kind {
        case .linear: share = (value - low) / (high - low)
        case .logarithmic: share = value > 0 ? log(value / low) / log(high / low) : 0
        }
        return Swift.min(Swift.max(share, 0), 1)
    }

    /// The next of 1, 2, 2.5 and 5 times a power of ten.
    private static func roundStep(_ rough: Double) -> Double {
        let power = pow(10, log10(rough).rounded(.down))
        let factor = [1, 2, 2.5, 5, 10].first { $0 * power >= rough * 0.999_999 } ?? 10
        return factor * power
    }
}
