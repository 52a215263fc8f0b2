// When the lane gives its core away, on a clock that only the yields move.

import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

@Suite struct LaneCrowdTests {
    /// A core: each yield lasts as long as it is told, and may bring requests.
    private struct Core {
        var crowd = LaneCrowd()
        var now = MonotonicTime(nanoseconds: 1_000_000_000)
        var yields = 0
        var waiting: Int? = 0

        /// One turn after a batch of so many requests; returns how often it yielded.
        mutating func turn(
            after callers: Int,
            yieldNs: UInt64,
            bringing: Int = 0,
            until deadline: MonotonicTime = .never
        ) -> Int {
            crowd.didTake(callers: callers)
            let before = yields
            var (now, yields, waiting) = (self.now, yields, waiting)
            crowd.letOthersThrough(
                until: deadline,
                waitingCallers: { waiting },
                clock: { now },
                yield: {
                    yields += 1
                    now = MonotonicTime(nanoseconds: now.nanoseconds + yieldNs)
                    waiting = waiting.map { $0 + bringing }
                })
            (self.now, self.yields, self.waiting) = (now, yields, waiting)
            return yields - before
        }
    }

    private let someNs: UInt64 = 100_000

    @Test func fewRequestsAreNoCrowd() {
        var core = Core()
        #expect(core.turn(after: LaneCrowd.minCallers - 1, yieldNs: someNs) == 0)
        #expect(core.turn(after: LaneCrowd.minCallers, yieldNs: someNs) > 0)
    }

    @Test func aYieldToNobodyIsTheLast() {
        var core = Core()
        #expect(core.turn(after: 20, yieldNs: LaneCrowd.idleYieldNs - 1) == 1)
        #expect(core.turn(after: 20, yieldNs: LaneCrowd.idleYieldNs - 1) == 1)
    }

    @Test func aCrowdThatIsThereIsNotWaitedFor() {
        var core = Core()
        core.waiting = 20
        #expect(core.turn(after: 20, yieldNs: someNs) == 0)
        core.waiting = 5
        #expect(core.turn(after: 20, yieldNs: someNs, bringing: 5) == 3)
        #expect(core.waiting == 20)
    }

    @Test func whatElseWaitsIsNotKeptWaiting() {
        var core = Core()
        core.waiting = nil
        #expect(core.turn(after: 20, yieldNs: someNs) == 0)
    }

    @Test func whatIsDueIsNotKeptWaiting() {
        var core = Core()
        #expect(core.turn(after: 20, yieldNs: someNs, until: core.now) == 0)
        let deadline = MonotonicTime(nanoseconds: core.now.nanoseconds + 2 * someNs)
        #expect(core.turn(after: 20, yieldNs: someNs, until: deadline) == 2)
    }

    @Test func noYieldBeginsAfterTheBound() {
        var core = Core()
        core.waiting = 0
        #expect(core.turn(after: 1000, yieldNs: someNs, bringing: 1) == Int(LaneCrowd.maxWaitNs / someNs))
        // Somebody came: the next crowd is waited for too.
        #expect(core.turn(after: 1000, yieldNs: someNs, bringing: 1) > 0)
    }

    @Test func aWaitThatBroughtNobodyPausesTheYields() {
        var core = Core()
        #expect(core.turn(after: 20, yieldNs: someNs) == Int(LaneCrowd.maxWaitNs / someNs))
        for _ in 0..<LaneCrowd.crowdsInPause { #expect(core.turn(after: 20, yieldNs: someNs) == 0) }
        #expect(core.turn(after: 20, yieldNs: someNs) > 0)
    }

    @Test func aLongYieldIsTheLastForManyCrowds() {
        var core = Core()
        let slice = LaneCrowd.maxWaitNs + 1
        #expect(core.turn(after: 20, yieldNs: slice, bringing: 1) == 1)
        // Turns without a crowd do not count.
        #expect(core.turn(after: 1, yieldNs: slice) == 0)
        for _ in 0..<LaneCrowd.crowdsInPause { #expect(core.turn(after: 20, yieldNs: slice) == 0) }
        #expect(core.turn(after: 20, yieldNs: slice) == 1)
    }

    // MARK: What the queue says

    private func publish(_ share: LaneEntry.Share) -> LaneEntry {
        LaneEntry(.publish(.channel("c"), [DraftEvent(name: "e", data: .emptyObject)]), share: share)
    }

    @Test func theQueueCountsRequestsUntilTheyAreTaken() {
        let queue = LaneQueue(limits: LaneLimits())
        #expect(queue.callersAlone == 0)
        for _ in 0..<3 { #expect(queue.submit(publish(.caller))) }
        #expect(queue.callersAlone == 3)
        let taken = queue.take(until: .never)
        #expect(queue.callersAlone == 0)
        queue.settle(taken)
        #expect(queue.callersAlone == 0)
    }

    @Test func theQueueSaysWhenMoreThanRequestsWait() {
        let ways: [(LaneQueue) -> Void] = [
            { _ = $0.submit(publish(.control)) },
            { _ = $0.tryOffer(publish(.emission)) },
            { $0.post(publish(.control).command) },
            { $0.close() },
        ]
        for way in ways {
            let queue = LaneQueue(limits: LaneLimits())
            #expect(queue.submit(publish(.caller)))
            way(queue)
            #expect(queue.callersAlone == nil)
        }
    }
}
