import Dispatch
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Synchronization

// What all runs share, once: thousands of runs hold a reference to it.

final class PoolServices: Sendable {
    let queue: LaneQueue
    let limits: PoolLimits
    let hits = PoolHits()
    let executor: HandlerExecutor
    let blocking: BlockingLane
    let delays: DelayLine
    let pauses: PausedRuns
    /// For what may run a handler's own code or wake a task outside of `executor`, for which Swift may want a thread that the system does
    /// not give: messages and cancellations on their way from the lane, which must not wait for that.
    let calls: SerialThread
    /// For grace times.
    let timers: SerialThread
    let programs: ProgramQueues
    /// Of programs, without what tells of the job.
    let environment: [String]
    let uploadPath: @Sendable (String) -> String?
    /// Of the runs, several to each: held for a moment.
    private let locks = (0..<16).map { _ in Lock() }

    init(
        queue: LaneQueue, limits: PoolLimits, environment: [String], uploadPath: @escaping @Sendable (String) -> String?
    ) {
        self.queue = queue
        self.limits = limits
        self.environment = environment
        self.uploadPath = uploadPath
        executor = HandlerExecutor(threads: limits.handlerThreads ?? HandlerExecutor.defaultThreads, events: queue)
        blocking = BlockingLane(maxThreads: limits.maxBlockingThreads, maxWaiting: limits.maxBlockingWaiting)
        delays = DelayLine(executor: executor)
        calls = SerialThread(name: "handler-calls")
        timers = SerialThread(name: "timers")
        pauses = PausedRuns(queue: timers)
        programs = ProgramQueues(count: 4)
        // Dispatch opens descriptors of its own (epoll, eventfd, timerfd) for its first timer and keeps them; it traps when there is
        // none. So it has its first timer now, and not when a handler sleeps on it.
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(1)) {}
    }

    /// The run's lock, which it shares with others: nothing that may take another run's lock is called with it held.
    func lock(for run: JobRun) -> Lock {
        locks[Int(truncatingIfNeeded: UInt64(bitPattern: run.ref.number) % UInt64(locks.count))]
    }

    /// Lets the threads go.
    func close() {
        delays.close()
        pauses.close()
        executor.close()
        blocking.close()
        programs.poller.close()
    }
}

/// How often what workers said was cut or refused for its size. Counted by any thread.
final class PoolHits: Sendable {
    let cutLines = Atomic<UInt64>(0)
    let oversizedEvents = Atomic<UInt64>(0)

    func didCutLine() { cutLines.add(1, ordering: .relaxed) }
    func didMeetOversizedEvent() { oversizedEvents.add(1, ordering: .relaxed) }
}

/// One attempt that is under way. Calls come from the journal lane's thread and return at once.
protocol WorkerRun: AnyObject, Sendable {
    func start()
    func deliver(_ message: MessageRecord)
    /// Asks the run to end, and ends it by force when the grace is over. A further call can only shorten the grace.
    func stop(graceMs: Int64)
}

/// A few threads on which all programs are started and their pipes are read; each program stays on one. Threads of their own, because the
/// lane, which starts and stops programs, must not wait for Dispatch to get one: see `SerialThread`.
final class ProgramQueues: Sendable {
    private let queues: [SerialThread]
    let poller = DescriptorPoller()

    init(count: Int) {
        queues = (0..<max(1, count)).map { SerialThread(name: "programs-\($0)") }
    }

    /// Where the run's program lives.
    func queue(for run: JobRun) -> SerialThread {
        queues[Int(UInt64(bitPattern: run.ref.number) % UInt64(queues.count))]
    }
}
