// Durations and sizes as people write them: `10m`, `1h30m`, `500ms`, `64KiB`. Pure functions; one reading, one writing.

/// Reads and writes durations and byte counts.
public enum UnitText {
    private static let durationUnits: [(name: String, milliseconds: Int)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    private static let byteUnits: [(name: String, bytes: Int)] = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
        ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ]

    /// Milliseconds of `500ms`, `10m`, `1.5h` or `1h30m`; nil for anything else. A number needs its unit, but for 0.
    public static func milliseconds(_ text: String) -> Int? {
        if text == "0" { return 0 }
        var rest = text[...]
        var total = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            guard let number = takeNumber(&rest), let unit = takeUnit(&rest, durationUnits.map(\.name)),
                let part = multiply(number, by: durationUnits[unit].milliseconds)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return total
    }

    /// Bytes of `64KiB`, `1.5GiB`, `10MB` or a bare number; nil for anything else.
    public static func bytes(_ text: String) -> Int? {
        var rest = text[...]
        guard let number = takeNumber(&rest) else { return nil }
        if rest.isEmpty { return multiply(number, by: 1) }
        guard let unit = takeUnit(&rest, byteUnits.map(\.name)), rest.isEmpty else { return nil }
        return multiply(number, by: byteUnits[unit].bytes)
    }

    /// The shortest form in one unit: 90,000 is `90s`, 3,600,000 is `1h`.
    public static func duration(_ milliseconds: Int) -> String {
        guard milliseconds != 0 else { return "0" }
        let unit = durationUnits.last { milliseconds % $0.milliseconds == 0 } ?? durationUnits[0]
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    /// The shortest form in one binary unit: 65,536 is `64KiB`.
    public static func size(_ bytes: Int) -> String {
        guard bytes != 0 else { return "0" }
        let unit = byteUnits[..<5].last { bytes % $0.bytes == 0 } ?? byteUnits[0]
        return "\(bytes / unit.bytes)\(unit.name)"
    }

    // MARK: Parts

    /// Digits, with a fraction of up to nine digits when there is one. No sign, no exponent.
    private struct Number {
        var whole: Int
        var billionths: Int
    }

    private static func takeNumber(_ rest: inout Substring) -> Number? {
        let whole = rest.prefix { ("0"..."9").contains($0) }
        guard let value = Int(whole) else { return nil }
        rest = rest.dropFirst(whole.count)
        guard rest.first == "." else { return Number(whole: value, billionths: 0) }
        let digits = rest.dropFirst().prefix { ("0"..."9").contains($0) }
        guard (1...9).contains(digits.count), let fraction = Int(digits) else { return nil }
        rest = rest.dropFirst(1 + digits.count)
        let scale = (digits.count..<9).reduce(1) { product, _ in product * 10 }
        return Number(whole: value, billionths: fraction * scale)
    }

    private static func takeUnit(_ rest: inout Substring, _ names: [String]) -> Int? {
        let word = rest.prefix { !("0"..."9").contains($0) && $0 != "." }
        guard let index = names.firstIndex(of: String(word)) else { return nil }
        rest = rest.dropFirst(word.count)
        return index
    }

    /// Nil when the product does not fit or is no whole number of the smallest unit.
    private static func multiply(_ number: Number, by unit: Int) -> Int? {
        let whole = Int128(number.whole) * 1_000_000_000 + Int128(number.billionths)
        let (billionths, overflow) = whole.multipliedReportingOverflow(by: Int128(unit))
        guard !overflow, billionths % 1_000_000_000 == 0 else { return nil }
        return Int(exactly: billionths / 1_000_000_000)
    }
}
