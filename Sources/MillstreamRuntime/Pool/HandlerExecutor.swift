import Glibc
import MillstreamLoop

// The threads of async handlers: a fixed number that take turns on one line of ready jobs. Swift's own pool is left to the program
// that embeds the library; a handler that blocks where it should wait holds one of these threads and none of the loop's or the
// journal's.

final class HandlerExecutor: TaskExecutor, @unchecked Sendable {
    // Sendable: everything below is touched only with `condition` held.
    private let condition = ConditionLock()
    private var ready = FIFO<UnownedJob>()
    /// Those that have not begun yet are idle, too.
    private var idleThreads: Int
    /// Of the idle ones: woken, but not running yet.
    private var wokenThreads = 0
    private var waitedCount: UInt64 = 0
    private var isClosed = false

    init(threads: Int) {
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
        condition.withLock {
            ready.append(job)
            guard idleThreads > wokenThreads else {
                waitedCount &+= 1
                return
            }
            wokenThreads += 1
            condition.signal()
        }
    }

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
        while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    private func next() -> UnownedJob? {
        condition.withLock {
            while true {
                if let job = ready.popFirst() { return job }
                if isClosed { return nil }
                idleThreads += 1
                condition.wait()
                leaveIdle()
            }
        }
    }

    private func leaveIdle() {
        idleThreads -= 1
        wokenThreads = max(0, wokenThreads - 1)
    }
}
