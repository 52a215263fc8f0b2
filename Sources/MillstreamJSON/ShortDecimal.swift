// Digits of a short decimal number, turned into the double that the long way would give. Pure functions.

/// Numbers as programs mostly write them: `7`, `61.54`, `-0.25`.
package enum ShortDecimal {
    /// The nearest double of at most 15 digits without an exponent; nil for anything else, also for what is no number.
    ///
    /// The digits and the power of ten by which they are divided are exact doubles then, and a division of two exact doubles rounds
    /// once (W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990).
    package static func parse(_ number: UnsafeBufferPointer<UInt8>) -> Double? {
        let isNegative = number.first == ASCII.minus
        let start = isNegative ? 1 : 0
        // With a sign and a point.
        guard number.count > start, number.count <= maxDigits + start + 1 else { return nil }
        var value = 0
        var digits = 0
        var point: Int?
        for at in start..<number.count {
            let byte = number[at]
            if ASCII.isDigit(byte) {
                value = value * 10 + Int(byte - ASCII.zero)
                digits += 1
            } else {
                guard byte == ASCII.point, point == nil, digits > 0 else { return nil }
                point = digits
            }
        }
        let places = point.map { digits - $0 } ?? 0
        guard digits <= maxDigits, point == nil || places > 0 else { return nil }
        let magnitude = Double(value) / powersOfTen[places]
        return isNegative ? -magnitude : magnitude
    }

    /// All of them are below 2^53.
    private static let maxDigits = 15
    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]
}
