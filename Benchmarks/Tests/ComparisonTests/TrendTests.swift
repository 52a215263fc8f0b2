import Testing

@testable import Comparison

struct TrendTests {
    /// 80 seconds around a level, with noise that has no direction.
    private static func points(_ count: Int = 80, _ value: (Int) -> Double) -> [(atS: Double, value: Double)] {
        (0..<count).map { (atS: Double($0), value: value($0) + Double($0 * 37 % 11) - 5) }
    }

    @Test func aFlatCurveHasNoGrowth() throws {
        let trend = try #require(Trend(Self.points { _ in 1000 }))
        #expect(abs(trend.growth) < 5)
        #expect(abs(trend.firstQuarter - 1000) <= 5)
    }

    @Test func aLeakIsSeenWithItsRate() throws {
        let trend = try #require(Trend(Self.points { 1000 + Double($0) * 10 }))
        #expect(abs(trend.slopePerHour - 36_000) < 1000)
        #expect(abs(trend.lineGrowth - 790) < 25)
    }

    @Test func aStaircaseIsSeen() throws {
        let trend = try #require(Trend(Self.points { 1000 + Double($0 / 20) * 100 }))
        #expect(trend.growth > 290)
    }

    @Test func oneStepThatStaysIsSeen() throws {
        let trend = try #require(Trend(Self.points { $0 < 70 ? 1000 : 1300 }))
        #expect(trend.growth > 60)
        #expect(try #require(Trend(Self.points { $0 < 40 ? 1000 : 1300 })).growth > 290)
    }

    @Test(arguments: [0, 10, 38, 60, 78]) func aSpikeThatReturnsIsNone(at second: Int) throws {
        let trend = try #require(Trend(Self.points { second <= $0 && $0 < second + 2 ? 100_000 : 1000 }))
        #expect(abs(trend.growth) < 10)
    }

    @Test func aCurveThatFallsHasNoGrowth() throws {
        let trend = try #require(Trend(Self.points { 2000 - Double($0) * 10 }))
        #expect(trend.growth < 0)
    }

    @Test func tooFewPointsSayNothing() {
        #expect(Trend(Self.points(23) { _ in 1 }) == nil)
        #expect(Trend(Self.points(24) { _ in 1 }) != nil)
        #expect(Trend(Array(repeating: (atS: 5, value: 1), count: 50)) == nil)
    }
}
