// Digits that a peer sent, turned into an integer without a rounding and without a trap. Pure functions.

/// Decimal digits to a 64-bit integer, exactly or not at all.
enum ExactInteger {
    /// Plain digits that fit, in one pass; anything else the long way.
    static func parse(_ number: UnsafeBufferPointer<UInt8>) -> Int? {
        let isNegative = number.first == ASCII.minus
        var value = 0
        var digits = 0
        for byte in number.dropFirst(isNegative ? 1 : 0) {
            guard ASCII.isDigit(byte), appendDigit(byte, to: &value, isNegative: isNegative) else {
                return parseWithExponent(number, isNegative: isNegative)
            }
            digits += 1
        }
        return digits > 0 ? value : nil
    }

    /// Grows away from zero on the side of the sign, so that the smallest integer fits as well.
    private static func appendDigit(_ byte: UInt8, to value: inout Int, isNegative: Bool) -> Bool {
        let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
        let digit = Int(byte &- ASCII.zero)
        let sum = isNegative ? tenfold.subtractingReportingOverflow(digit) : tenfold.addingReportingOverflow(digit)
        value = sum.partialValue
        return !overflow && !sum.overflow
    }

    /// `digits × 10^exponent`, where trailing zeros of the digits have gone into the exponent: whole when that is not
    /// negative.
    private static func parseWithExponent(_ number: UnsafeBufferPointer<UInt8>, isNegative: Bool) -> Int? {
        let isExponent: (UInt8) -> Bool = { $0 | 0x20 == UInt8(ascii: "e") }
        let mantissa = number.prefix { !isExponent($0) }.dropFirst(isNegative ? 1 : 0)
        let integer = mantissa.prefix { $0 != ASCII.point }
        let fraction = mantissa.dropFirst(integer.count + 1)
        var digits = Array(integer.drop { $0 == ASCII.zero }) + fraction
        var exponent = exponentValue(number.drop { !isExponent($0) }.dropFirst()) - fraction.count
        while digits.last == ASCII.zero {
            digits.removeLast()
            exponent += 1
        }
        guard !digits.isEmpty else { return 0 }
        guard exponent >= 0, exponent < 20 else { return nil }
        digits.append(contentsOf: repeatElement(ASCII.zero, count: exponent))
        var value = 0
        for byte in digits {
            guard ASCII.isDigit(byte), appendDigit(byte, to: &value, isNegative: isNegative) else { return nil }
        }
        return value
    }

    /// The exponent, held within a range that no sum with a text's length can overflow: what is beyond it fits in no
    /// case.
    private static func exponentValue(_ exponent: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        var value = 0
        for byte in exponent where ASCII.isDigit(byte) {
            value = min(value * 10 + Int(byte &- ASCII.zero), 1 << 50)
        }
        return exponent.first == ASCII.minus ? -value : value
    }
}
