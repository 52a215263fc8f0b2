import Dispatch
import MillstreamJSON
import MillstreamJobs
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// Sleepers that wake together: who sleeps wakes, whatever the other handlers do with the threads, and what a burst emits leaves.

@Suite struct HandlerBurstTests {
    /// Runs `count` tasks that sleep until the same moment and then call `body`, and waits for all of them.
    private func sleepers(
        _ executor: HandlerExecutor, _ count: Int, forMs milliseconds: Int, _ body: @escaping @Sendable (Int) -> Void
    ) async -> [Bool] {
        let delays = DelayLine(executor: executor)
        let deadline = MonotonicTime.current().advanced(byMs: milliseconds)
        let tasks = (0..<count).map { number in
            Task(executorPreference: executor) {
                let reached = await delays.sleep(until: deadline)
                body(number)
                return reached
            }
        }
        var outcomes: [Bool] = []
        for task in tasks { outcomes.append(await task.value) }
        delays.close()
        executor.close()
        return outcomes
    }

    @Test func aBurstOfSleepersWakesOnceAndNotBeforeItsTime() async {
        let start = MonotonicTime.current()
        let early = Locked(0)
        let outcomes = await sleepers(HandlerExecutor(threads: 2), 200, forMs: 20) { _ in
            if MonotonicTime.current() < start.advanced(byMs: 20) { early.withLock { $0 += 1 } }
        }
        #expect(outcomes == Array(repeating: true, count: 200))
        #expect(early.withLock { $0 } == 0)
    }

    @Test(arguments: [1, 2, 3])
    func aHandlerThatKeepsItsThreadKeepsNobodyElseAsleep(blocked: Int) async {
        let release = DispatchSemaphore(value: 0)
        let others = Locked(0)
        // The first of the burst hold their threads until the last of the others has run.
        let outcomes = await sleepers(HandlerExecutor(threads: blocked + 1), 20, forMs: 10) { number in
            if number < blocked {
                release.wait()
            } else if others.withLock({ count -> Int in
                count += 1
                return count
            }) == 20 - blocked {
                for _ in 0..<blocked { release.signal() }
            }
        }
        #expect(outcomes == Array(repeating: true, count: 20))
    }

    @Test func sleepersWakeWhileOthersNeverLeaveTheLineEmpty() async {
        let executor = HandlerExecutor(threads: 1)
        let isOver = Locked(false)
        let busy = Task(executorPreference: executor) {
            while !isOver.withLock({ $0 }) { await Task.yield() }
        }
        let outcomes = await sleepers(executor, 3, forMs: 5) { number in
            if number == 2 { isOver.withLock { $0 = true } }
        }
        await busy.value
        #expect(outcomes == [true, true, true])
    }

    @Test func whoIsClosedOutWakesBeforeItsTime() async {
        let executor = HandlerExecutor(threads: 1)
        let delays = DelayLine(executor: executor)
        let isUp = DispatchSemaphore(value: 0)
        let sleeper = Task(executorPreference: executor) {
            isUp.signal()
            return await delays.sleep(until: .never)
        }
        DispatchQueue.global().sync { isUp.wait() }
        delays.close()
        #expect(await sleeper.value == false)
        executor.close()
    }

    /// Takes batches until there were so many entries in all; the thread ends then.
    private func lane(_ queue: LaneQueue, _ count: Int) -> LaneThread {
        LaneThread(name: "lane") {
            var taken = 0
            while taken < count { taken += queue.take(until: .never).count }
        }
    }

    private func emit(to queue: LaneQueue) {
        let entry = LaneEntry(.emitToChannel("c", DraftEvent(name: "e", data: .null)), share: .emission)
        #expect(queue.tryOffer(entry) == .accepted)
    }

    @Test func allEventsOfABurstReachTheLane() async {
        let queue = LaneQueue(limits: LaneLimits())
        let lane = lane(queue, 40)
        _ = await sleepers(HandlerExecutor(threads: 2, events: queue), 40, forMs: 20) { _ in emit(to: queue) }
        lane.join()
    }

    @Test func aHeldEventLeavesWhenItsBurstIsOver() {
        let queue = LaneQueue(limits: LaneLimits())
        let lane = lane(queue, 1)
        queue.hold()
        emit(to: queue)
        queue.release()
        lane.join()
    }

    @Test func moreThanTheHeldEventsWakeTheLaneByThemselves() {
        let queue = LaneQueue(limits: LaneLimits())
        let lane = lane(queue, 65)
        queue.hold()
        for _ in 0..<65 { emit(to: queue) }
        lane.join()
    }

    @Test func eventsOfOneWhoComesBackSoonReachTheLane() async {
        let queue = LaneQueue(limits: LaneLimits())
        let lane = lane(queue, 40)
        let executor = HandlerExecutor(threads: 1, events: queue)
        let delays = DelayLine(executor: executor)
        let early = await Task(executorPreference: executor) {
            var early = 0
            for _ in 0..<40 {
                let due = MonotonicTime(nanoseconds: MonotonicTime.current().nanoseconds + 100_000)
                _ = await delays.sleep(until: due)
                if MonotonicTime.current() < due { early += 1 }
                emit(to: queue)
            }
            return early
        }.value
        #expect(early == 0)
        lane.join()
        delays.close()
        executor.close()
    }

    @Test func fewThatAreDueTogetherWakeInSmallBursts() {
        #expect([0, 1, 4, 5, 8].map(DelayLine.burstCount) == [0, 1, 4, 4, 4])
        // A large burst leaves some behind each time, so that it gets smaller.
        #expect([9, 76, 4096].map(DelayLine.burstCount) == [5, 72, 4092])
    }

    @Test func largeBurstsAreFartherApart() {
        #expect([0, 1, 4].map(DelayLine.pauseNs) == [400_000, 400_000, 400_000])
        #expect(DelayLine.pauseNs(after: 7) == 700_000)
        #expect([10, 10_000, .max].map(DelayLine.pauseNs) == [1_000_000, 1_000_000, 1_000_000])
    }

    @Test func aHandlerThatKeepsItsThreadDoesNotKeepItsEvent() async {
        let queue = LaneQueue(limits: LaneLimits())
        let lane = lane(queue, 1)
        // The first of the burst emits and holds the only thread until the lane has its event.
        _ = await sleepers(HandlerExecutor(threads: 1, events: queue), 8, forMs: 10) { number in
            guard number == 0 else { return }
            emit(to: queue)
            lane.join()
        }
    }
}
