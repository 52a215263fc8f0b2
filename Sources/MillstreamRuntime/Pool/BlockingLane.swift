import Dispatch
import MillstreamLoop

// The threads of handlers that block: each piece of work gets a serial queue of its own, so that its thread is there at once (a
// concurrent queue grows by one thread now and then). Bounded: what is beyond the threads stands in line, what is beyond the line
// is refused.

final class BlockingLane: @unchecked Sendable {
    // Sendable: everything below is touched only with `lock` held.
    private let lock = Lock()
    private let maxThreads: Int
    private let maxWaiting: Int
    private var idle: [DispatchQueue] = []
    private var threadCount = 0
    private var waiting = FIFO<@Sendable () -> Void>()
    private var waitedCount: UInt64 = 0

    init(maxThreads: Int, maxWaiting: Int) {
        self.maxThreads = min(max(1, maxThreads), 200)
        self.maxWaiting = maxWaiting
    }

    private enum Placement {
        case thread(DispatchQueue)
        case line
        case refused
    }

    /// Runs `work` on a thread of its own, or when one is free. False when the line is full.
    func run(_ work: @escaping @Sendable () -> Void) -> Bool {
        switch place(work) {
        case .thread(let queue):
            queue.async { [self] in
                work()
                while let next = next(giving: queue) { next() }
            }
            return true
        case .line: return true
        case .refused: return false
        }
    }

    private func place(_ work: @escaping @Sendable () -> Void) -> Placement {
        lock.withLock {
            if let queue = idle.popLast() { return .thread(queue) }
            if threadCount < maxThreads {
                threadCount += 1
                return .thread(DispatchQueue(label: "millstream.blocking.\(threadCount)"))
            }
            guard waiting.count < maxWaiting else { return .refused }
            waiting.append(work)
            waitedCount += 1
            return .line
        }
    }

    private func next(giving queue: DispatchQueue) -> (@Sendable () -> Void)? {
        lock.withLock {
            if let work = waiting.popFirst() { return work }
            idle.append(queue)
            return nil
        }
    }

    /// Threads at work, work in line, and how much ever stood there.
    var load: (busy: Int, waiting: Int, waited: UInt64) {
        lock.withLock { (threadCount - idle.count, waiting.count, waitedCount) }
    }
}
