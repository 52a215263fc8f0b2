import MillstreamLoop

// The threads of handlers that block: each piece of work has a thread to itself. They are taken when they are needed and kept for
// a while. Bounded: what is beyond the threads stands in line, what is beyond the line is refused.

final class BlockingLane: @unchecked Sendable {
    // Sendable: everything below is touched only with `condition` held.
    private let condition = ConditionLock()
    /// Asks Dispatch for threads, and may have to wait for that: neither with the lock held, nor on a handler's thread.
    private let starter = SerialThread(name: "blocking-start")
    private let maxThreads: Int
    private let maxWaiting: Int
    /// Those with a thread woken for them come first.
    private var waiting = FIFO<@Sendable () -> Void>()
    private var threadCount = 0
    private var idleThreads = 0
    /// Of the idle ones: woken, but not running yet.
    private var wokenThreads = 0
    private var waitedCount: UInt64 = 0
    private var isClosed = false

    /// How long a thread stays that has nothing to do.
    private static let maxIdleMs = 10_000

    init(maxThreads: Int, maxWaiting: Int) {
        self.maxThreads = min(max(1, maxThreads), 200)
        self.maxWaiting = maxWaiting
    }

    /// Runs `work` on a thread of its own, or when one is free. False when the line is full.
    func run(_ work: @escaping @Sendable () -> Void) -> Bool {
        condition.withLock {
            if idleThreads > wokenThreads {
                wokenThreads += 1
                condition.signal()
            } else if threadCount < maxThreads {
                addThread()
            } else {
                guard waiting.count - wokenThreads < maxWaiting else { return false }
                waitedCount += 1
            }
            waiting.append(work)
            return true
        }
    }

    /// Lets the threads go once the line is empty.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    /// Threads at work, work in line, and how much ever stood there.
    var load: (busy: Int, waiting: Int, waited: UInt64) {
        condition.withLock {
            (threadCount - idleThreads + wokenThreads, max(0, waiting.count - wokenThreads), waitedCount)
        }
    }

    /// A new thread counts as woken for the work that is about to be put in line.
    private func addThread() {
        starter.async { [self] in
            PoolThread.start("blocking") { [self] in
                condition.withLock { leaveIdle() }
                while let work = next() { work() }
            }
        }
        threadCount += 1
        idleThreads += 1
        wokenThreads += 1
    }

    private func next() -> (@Sendable () -> Void)? {
        condition.withLock {
            let deadline = MonotonicTime.current().advanced(byMs: Self.maxIdleMs)
            while true {
                if let work = waiting.popFirst() { return work }
                if isClosed || MonotonicTime.current() >= deadline {
                    threadCount -= 1
                    return nil
                }
                idleThreads += 1
                _ = condition.wait(until: deadline)
                leaveIdle()
            }
        }
    }

    private func leaveIdle() {
        idleThreads -= 1
        wokenThreads = max(0, wokenThreads - 1)
    }
}
