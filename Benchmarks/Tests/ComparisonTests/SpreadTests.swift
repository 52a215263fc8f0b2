import Testing

@testable import Comparison

struct SpreadTests {
    @Test func theMedianOfAnOddNumberIsTheMiddleOne() throws {
        let spread = try #require(Spread([9, 1, 5]))
        #expect(spread.median == 5)
        #expect(spread.min == 1)
        #expect(spread.max == 9)
        #expect(spread.values == [9, 1, 5])
    }

    @Test func theMedianOfAnEvenNumberIsBetweenTheMiddleTwo() throws {
        #expect(try #require(Spread([4, 1, 3, 2])).median == 2.5)
    }

    @Test func whatNobodyMeasuredHasNoSpread() {
        #expect(Spread([]) == nil)
    }

    @Test(arguments: [(0.0, 1.0), (0.5, 5.0), (0.51, 6.0), (0.99, 10.0), (1.0, 10.0)])
    func aQuantileIsAValueThatWasMeasured(share: Double, expected: Double) {
        #expect(quantile(share, of: [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) == expected)
    }

    @Test func nothingHasNoQuantile() {
        #expect(quantile(0.5, of: []) == nil)
    }
}
