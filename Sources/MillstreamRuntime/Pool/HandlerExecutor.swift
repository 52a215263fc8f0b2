import Dispatch
import Glibc
import MillstreamLoop

// The threads of async handlers: a fixed number of serial Dispatch queues that take turns on one line of ready jobs. Swift's own
// pool is left to the program that embeds the library; a handler that blocks where it should wait holds one of these threads and
// none of the loop's or the journal's.

final class HandlerExecutor: TaskExecutor, @unchecked Sendable {
    // Sendable: the line and the idle threads are touched only with `lock` held.
    private let lock = Lock()
    private var ready = FIFO<UnownedJob>()
    private var idle: [DispatchQueue]
    private var waitedCount: UInt64 = 0

    init(threads: Int) {
        // Serial queues without a target get a thread at once; a concurrent queue would get one only when Dispatch sees fit.
        idle = (0..<max(1, threads)).map { DispatchQueue(label: "millstream.handler.\($0)") }
    }

    /// As many threads as cores, at least 2, so that one handler that blocks does not stop the others.
    static var defaultThreads: Int {
        max(2, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let woken: DispatchQueue? = lock.withLock {
            ready.append(job)
            if let queue = idle.popLast() { return queue }
            waitedCount &+= 1
            return nil
        }
        if let woken { drain(on: woken) }
    }

    /// How often a job was ready and all threads were at work, since the start.
    var waited: UInt64 { lock.withLock { waitedCount } }

    private func drain(on queue: DispatchQueue) {
        queue.async { [self] in
            while let job = next(giving: queue) { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    /// The next job; without one the thread is idle again.
    private func next(giving queue: DispatchQueue) -> UnownedJob? {
        lock.withLock {
            if let job = ready.popFirst() { return job }
            idle.append(queue)
            return nil
        }
    }
}
