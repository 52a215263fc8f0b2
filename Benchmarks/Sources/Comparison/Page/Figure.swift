import Foundation

/// Numbers as people read them: three significant digits, thousands apart.
package enum Figure {
    /// `0.0123`, `1.23`, `12.3`, `123`, `12,300`; from a thousand on all digits before the point.
    package static func text(_ value: Double) -> String {
        let size = abs(value)
        if value == 0 || !value.isFinite { return value == 0 ? "0" : "–" }
        // As it will look: 9.996 has one digit before the point and must not become 10.00.
        let decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : size >= 0.09995 ? 3 : 4
        guard decimals == 0 else { return String(format: "%.\(decimals)f", value) }
        return grouped(Int(value.rounded()))
    }

    /// With its unit, if it has one.
    package static func text(_ value: Double, _ unit: String) -> String {
        unit.isEmpty ? text(value) : "\(text(value)) \(unit)"
    }

    /// `0 %`, `<1 %`, `14 %`: a share from 0 to 1 that needs no digits.
    package static func percent(_ share: Double) -> String {
        share == 0 ? "0 %" : share < 0.005 ? "<1 %" : "\(Int((share * 100).rounded())) %"
    }

    /// As somebody wrote it down: `1.05`, `900,000`.
    package static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? grouped(Int(value)) : "\(value)"
    }

    /// For an axis: three digits at most and no zeros behind the point.
    package static func tick(_ value: Double) -> String {
        let text = text(value)
        guard text.contains(".") else { return text }
        let short = text[..<(text.lastIndex { $0 != "0" }.map { text.index(after: $0) } ?? text.endIndex)]
        return String(short.hasSuffix(".") ? short.dropLast() : short)
    }

    private static func grouped(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// `7.72 [7.41–8.05]`, or only the one value of one round.
    package static func text(_ spread: Spread) -> String {
        spread.values.count == 1
            ? text(spread.median) : "\(text(spread.median)) [\(text(spread.min))–\(text(spread.max))]"
    }
}
