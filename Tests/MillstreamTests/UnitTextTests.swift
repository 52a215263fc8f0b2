import Testing

@testable import Millstream

@Suite struct UnitTextTests {
    @Test func durationsAreRead() {
        let cases: [(String, Int?)] = [
            ("0", 0), ("500ms", 500), ("30s", 30_000), ("1.5s", 1500), ("10m", 600_000), ("1h30m", 5_400_000),
            ("7d", 604_800_000),
            ("0.001s", 1), ("", nil), ("10", nil), ("s", nil), ("-1s", nil), ("1 s", nil), ("1x", nil),
            ("0.0001s", nil),
            ("1s1", nil), ("1.s", nil), ("99999999999999999999s", nil), ("9223372036854775807d", nil), ("１s", nil),
        ]
        for (text, value) in cases { #expect(UnitText.milliseconds(text) == value, "\(text)") }
    }

    @Test func sizesAreRead() {
        let cases: [(String, Int?)] = [
            ("0", 0), ("17", 17), ("17B", 17), ("64KiB", 65_536), ("1.5MiB", 1_572_864), ("10MB", 10_000_000),
            ("2GiB", 2 << 30),
            ("1TiB", 1 << 40), ("0.5TiB", 1 << 39), ("1kB", 1000), ("", nil), ("KiB", nil), ("1KiB1", nil), ("1K", nil),
            ("-1", nil), ("1.1", nil),
            ("9223372036854775807TiB", nil),
        ]
        for (text, value) in cases { #expect(UnitText.bytes(text) == value, "\(text)") }
    }

    @Test func whatIsWrittenReadsBackAsItself() {
        for value in [0, 1, 999, 1000, 1500, 60_000, 90_000, 3_600_000, 86_400_000, 86_400_001, 1 << 40] {
            #expect(UnitText.milliseconds(UnitText.duration(value)) == value)
            #expect(UnitText.bytes(UnitText.size(value)) == value)
        }
        #expect(UnitText.duration(90_000) == "90s")
        #expect(UnitText.size(1 << 20) == "1MiB")
    }
}
