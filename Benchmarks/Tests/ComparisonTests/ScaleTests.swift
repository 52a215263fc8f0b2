import Testing

@testable import Comparison

struct ScaleTests {
    @Test(arguments: [0.013, 1, 7.8, 14.9, 20_000, 940_000])
    func aLinearScaleHoldsItsLargestValueAndHasFewRoundTicks(largest: Double) {
        let scale = Scale.linear(upTo: largest)
        #expect(scale.low == 0)
        #expect(scale.high >= largest)
        #expect(scale.high <= largest * 2)
        #expect((3...6).contains(scale.ticks.count))
        #expect(scale.ticks.last.map { abs($0 - scale.high) < scale.high * 1e-9 } == true)
    }

    @Test func aLogarithmicScaleGoesFromPowerToPower() {
        let scale = Scale.logarithmic([9.2, 45_473])
        #expect(scale.ticks == [1, 10, 100, 1000, 10_000, 100_000])
        #expect(scale.place(1) == 0)
        #expect(abs(scale.place(1000) - 0.6) < 1e-9)
        #expect(scale.place(0) == 0)
        #expect(scale.place(1e9) == 1)
    }

    @Test func labelsAreMovedApartAndStayInside() {
        let placed = LinePanel.apart([100, 101, 20, 102], by: 17, within: 0...110)
        let sorted = placed.sorted()
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 >= 17 - 1e-9 })
        #expect(sorted.first.map { $0 >= 0 } == true)
        #expect(sorted.last.map { $0 <= 110 } == true)
        #expect(placed[0] < placed[1] && placed[1] < placed[3])
    }

    @Test(arguments: [
        (0.0, "0"), (0.01234, "0.0123"), (0.1234, "0.123"), (0.9996, "1.00"), (7.7249, "7.72"), (9.996, "10.0"),
        (99.96, "100"),
        (10_851, "10,851"), (940_123.4, "940,123"), (1_234_567, "1,234,567"), (-1_500, "-1,500"),
    ])
    func figuresHaveThreeDigits(value: Double, text: String) {
        #expect(Figure.text(value) == text)
    }
}
