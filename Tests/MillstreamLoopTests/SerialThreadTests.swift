import MillstreamLoop
import Testing

// Work on a thread that is there from the start: its order, its deadlines and its end.

struct SerialThreadTests {
    @Test func workIsDoneInTheOrderInWhichItCame() {
        let thread = SerialThread(name: "test")
        let seen = Locked<[Int]>([])
        for number in 0..<1000 { thread.async { seen.withLock { $0.append(number) } } }
        thread.drain()
        #expect(seen.withLock { $0 } == Array(0..<1000))
    }

    @Test func workIsDoneOnItsThreadAlone() {
        let thread = SerialThread(name: "test")
        let isThere = Locked(false)
        thread.async { isThere.withLock { $0 = thread.isCurrent } }
        thread.drain()
        #expect(isThere.withLock { $0 })
        #expect(!thread.isCurrent)
    }

    @Test func deadlinesComeInTheirOrderAndNotEarly() {
        let thread = SerialThread(name: "test")
        let start = MonotonicTime.current()
        let seen = Locked<[(Int, MonotonicTime)]>([])
        let last = ConditionLock()
        for number in [3, 1, 4, 2, 0] {
            thread.async(at: start.advanced(byMs: number * 10)) {
                seen.withLock { $0.append((number, .current())) }
                last.withLock { last.broadcast() }
            }
        }
        last.withLock {
            while seen.withLock({ $0.count }) < 5 { last.wait() }
        }
        let all = seen.withLock { $0 }
        #expect(all.map(\.0) == [0, 1, 2, 3, 4])
        #expect(all.allSatisfy { $0.1 >= start.advanced(byMs: $0.0 * 10) })
    }

    @Test func ofOneDeadlineTheFirstThatCameIsFirst() {
        let thread = SerialThread(name: "test")
        let deadline = MonotonicTime.current()
        let seen = Locked<[Int]>([])
        // Nothing is looked at before all is there.
        let gate = Lock()
        gate.withLock {
            thread.async { gate.withLock {} }
            for number in 0..<100 { thread.async(at: deadline) { seen.withLock { $0.append(number) } } }
        }
        thread.drain()
        #expect(seen.withLock { $0 } == Array(0..<100))
    }

    @Test func workThatWaitsForItsTimeKeepsItsThread() {
        let done = Locked(false)
        let told = ConditionLock()
        do {
            let thread = SerialThread(name: "test")
            thread.async(afterMs: 20) { [thread] in
                _ = thread.isCurrent
                told.withLock {
                    done.withLock { $0 = true }
                    told.broadcast()
                }
            }
        }
        told.withLock {
            while !done.withLock({ $0 }) { told.wait() }
        }
    }

    @Test func itsThreadEndsWithIt() {
        weak var held: Token?
        do {
            let token = Token()
            held = token
            let thread = SerialThread(name: "test")
            thread.async { _ = token }
            thread.drain()
        }
        let deadline = MonotonicTime.current().advanced(byMs: 120_000)
        while held != nil, MonotonicTime.current() < deadline {}
        #expect(held == nil)
    }

    private final class Token: Sendable {}
}
