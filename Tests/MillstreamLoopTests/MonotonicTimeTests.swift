import MillstreamLoop
import Testing

@Suite struct MonotonicTimeTests {
    @Test func advancingStopsAtNever() {
        let time = MonotonicTime(nanoseconds: 5)
        #expect(time.advanced(byMs: 2).nanoseconds == 2_000_005)
        #expect(time.advanced(byMs: -1) == time)
        #expect(time.advanced(byMs: .max) == .never)
        #expect(MonotonicTime.never.advanced(byMs: 1) == .never)
    }

    @Test func differenceIsNeverNegative() {
        let early = MonotonicTime(nanoseconds: 1_000_000)
        let late = MonotonicTime(nanoseconds: 5_999_999)
        #expect(late.milliseconds(since: early) == 4)
        #expect(early.milliseconds(since: late) == 0)
    }
}
