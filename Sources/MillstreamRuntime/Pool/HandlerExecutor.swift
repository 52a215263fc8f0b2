import Glibc
import MillstreamLoop

// The threads of async handlers: a fixed number that take turns on one line of ready jobs. Swift's own pool is left to the program
// that embeds the library; a handler that blocks where it should wait holds one of these threads and none of the loop's or the
// journal's. Jobs that become ready together (sleepers) come as a burst: it wakes one thread, and what the burst emits wakes the lane
// once. A handler that keeps its thread must not keep the rest of its burst: whoever made the burst looks after it a moment later.

final class HandlerExecutor: TaskExecutor, @unchecked Sendable {
    // Sendable: all variables are touched only with `condition` held.
    private let condition = ConditionLock()
    /// Where events wait for the end of a burst; nil in tests.
    private let events: LaneQueue?
    private var ready = FIFO<UnownedJob>()
    /// Those that have not begun yet are idle, too.
    private var idleThreads: Int
    /// Of the idle ones: woken, but not running yet.
    private var wokenThreads = 0
    private var waitedCount: UInt64 = 0
    /// A burst comes in: its thread is woken at its end.
    private var isGathering = false
    /// Events of a burst are held back until the line is empty.
    private var isHolding = false
    private var isClosed = false

    /// One more thread is woken for so many jobs of a burst.
    private static let burstPerThread = 32

    init(threads: Int, events: LaneQueue? = nil) {
        self.events = events
        idleThreads = max(1, threads)
        for number in 0..<max(1, threads) {
            PoolThread.start("handlers-\(number)") { [self] in run() }
        }
    }

    /// As many threads as cores, at least 2, so that one handler that blocks does not stop the others.
    static var defaultThreads: Int {
        max(2, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let wakes = condition.withLock {
            ready.append(job)
            guard idleThreads > wokenThreads else {
                waitedCount &+= 1
                return false
            }
            guard !isGathering else { return false }
            wokenThreads += 1
            return true
        }
        // Not with the lock held: the thread would run into it.
        if wakes { condition.signal() }
    }

    // MARK: Bursts

    /// Runs `makeReady`, which makes several jobs ready, and wakes threads for all of them. From one thread at a time, which then
    /// calls `lookAfterBurst` a moment later.
    func burst(_ makeReady: () -> Void) {
        events?.hold()
        condition.withLock {
            isGathering = true
            isHolding = events != nil
        }
        makeReady()
        let (wakes, releases) = condition.withLock {
            isGathering = false
            let wanted = ready.isEmpty ? 0 : 1 + ready.count / Self.burstPerThread
            let wakes = min(wanted, idleThreads - wokenThreads)
            wokenThreads += wakes
            return (wakes, ready.isEmpty && takeHolding())
        }
        for _ in 0..<wakes { condition.signal() }
        if releases { events?.release() }
    }

    /// Lets go what events a handler holds back that keeps its thread, and has other threads take what stands behind it.
    /// - Returns: whether to look again.
    func lookAfterBurst() -> Bool {
        let (wakes, releases, isMore) = condition.withLock {
            // Who still stands in line is behind work that is not done in a moment: a thread for each.
            let wakes = min(ready.count, idleThreads - wokenThreads)
            wokenThreads += wakes
            return (wakes, takeHolding(), !ready.isEmpty && idleThreads > 0)
        }
        if releases { events?.release() }
        for _ in 0..<wakes { condition.signal() }
        return isMore
    }

    /// With the lock held: whether events are held back that the caller is to let go, without the lock.
    private func takeHolding() -> Bool {
        defer { isHolding = false }
        return isHolding
    }

    // MARK: Threads

    /// How often a job was ready and all threads were at work, since the start.
    var waited: UInt64 { condition.withLock { waitedCount } }

    /// Lets the threads go once the line is empty: nothing will be enqueued any more.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    private func run() {
        condition.withLock { leaveIdle() }
        let executor = asUnownedTaskExecutor()
        while let job = next() { job.runSynchronously(on: executor) }
    }

    private func next() -> UnownedJob? {
        condition.acquire()
        defer { condition.release() }
        while true {
            if let job = ready.popFirst() { return job }
            if !isGathering, takeHolding() {
                condition.release()
                events?.release()
                condition.acquire()
                continue
            }
            if isClosed { return nil }
            idleThreads += 1
            condition.wait()
            leaveIdle()
        }
    }

    private func leaveIdle() {
        idleThreads -= 1
        wokenThreads = max(0, wokenThreads - 1)
    }
}
