import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Synchronization

// One attempt of a job as its handler sees it: what to do, and how to speak. Usable from every thread and task of the handler.

/// A running job, in the hands of its handler.
public final class JobContext: @unchecked Sendable {
    // Sendable: `task`, `early`, `box` and `nextStep` are touched only with `lock` held, `place` by the pool's `PausedRuns` alone, with
    // its lock held. The rest is constant or atomic.

    /// Job and attempt.
    public let run: JobRun
    public let input: JSONText
    let shared: HandlerKind
    let gate = RunGate()
    /// Where the pool's heap of paused runs has it; -1: nowhere.
    var place: Int32 = -1
    /// Its number among those who sleep.
    let sleeper: UInt64
    /// Nil before the start, and in a pause without a task.
    var task: Task<Void, Never>?
    /// What goes on after the present pause.
    var nextStep: HandlerKind.Step?
    /// Messages from before this attempt, until it starts.
    private var early: [MessageRecord]
    /// Made by the first message, or by the first who asks for one: most jobs have none.
    private var box: MessageBox?
    /// Tells the run's own task from those that the handler makes.
    private let ownTask = Atomic(0)

    init(_ assignment: JobAssignment, shared: HandlerKind) {
        run = assignment.run
        input = assignment.input
        early = assignment.messages
        self.shared = shared
        sleeper = shared.services.delays.makeNumber()
    }

    public var kind: JobKind { shared.kind }

    var services: PoolServices { shared.services }
    var lock: Lock { services.lock(for: run) }
    private var port: EmissionPort { EmissionPort(job: self) }

    /// The file of the upload that the input names under `upload`, or nil.
    public var uploadPath: String? { input.member("upload")?.stringValue.flatMap(services.uploadPath) }

    /// 1 for the first.
    public var attempt: Int { run.attempt }

    /// Whether the job was told to stop (cancel, timeout, drain), or has ended. For loops that do not await.
    public var isCancelled: Bool { gate.isStopping }

    /// Messages to this job. For one consumer.
    public var messages: JobMessages { JobMessages(box: messageBox()) }

    // MARK: Events

    /// Adds an event to the job's log. Suspends while the journal's queue is full; returns before the event is stored.
    ///
    /// Names with a meaning: `progress` (a number `progress` in its data sets the job's progress), `result` (sets the result),
    /// `input_required` (sets that state).
    /// - Throws: ``EmissionError``, or `CancellationError` once the job was told to stop.
    public func emit(_ name: String, _ data: JSONText = .null) async throws {
        guard let line = try port.offer(name, data) else { return }
        try await port.stand(in: line)
    }

    /// The same for code inside ``runBlocking(_:)``: blocks its thread while the journal's queue is full.
    public func emitBlocking(_ name: String, _ data: JSONText = .null) throws {
        try port.sendBlocking(port.command(name, data))
    }

    /// An event `progress` `{"progress":percent,"message":…}`.
    /// - Parameter percent: 0 to 100; what is beyond is held to that.
    public func progress(_ percent: Double, message: String? = nil) async throws {
        let held = percent.isFinite ? min(100, max(0, percent)) : 0
        let data = JSONText.object { writer in
            writer.member("progress", held)
            if let message { writer.member("message", message) }
        }
        try await emit(EventName.progress, data)
    }

    /// Adds an event to a channel.
    /// - Parameter channel: `[A-Za-z0-9._-]{1,128}`, neither `.` nor `..`; a channel begins with its first event.
    public func publish(channel: String, _ name: String, _ data: JSONText = .null) async throws {
        guard let line = try port.offer(name, data, channel: channel) else { return }
        try await port.stand(in: line)
    }

    /// The same for code inside ``runBlocking(_:)``.
    public func publishBlocking(channel: String, _ name: String, _ data: JSONText = .null) throws {
        try port.sendBlocking(port.command(name, data, channel: channel))
    }

    // MARK: Time and threads

    /// Pauses without holding a thread. Cheaper than `Task.sleep` when thousands do it: they are woken in bursts, so that
    /// one of them may sleep up to two milliseconds longer.
    /// - Throws: `CancellationError`.
    public func sleep(until deadline: MonotonicTime) async throws {
        let delays = services.delays
        // Whoever stops the run wakes its own task by number; only other tasks of the handler need to hear of it by themselves.
        let isReached =
            isOwnTask ? await delays.sleep(sleeper, until: deadline) : await delays.sleep(until: deadline)
        guard isReached else { throw CancellationError() }
    }

    /// Pauses for a number of milliseconds.
    public func sleep(forMs milliseconds: Int) async throws {
        try await sleep(until: MonotonicTime.current().advanced(byMs: milliseconds))
    }

    /// Runs code that blocks (files, computation, calls that wait) on a thread made for that, and awaits its end. The code looks
    /// at ``isCancelled`` by itself; nothing interrupts it.
    /// - Throws: what `body` throws; ``JobFailure`` with code `overload` when too many such calls stand in line.
    public func runBlocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let isQueued = services.blocking.run { continuation.resume(with: Result(catching: body)) }
            if !isQueued {
                let failure = JobFailure(code: "overload", message: "too many blocking handlers stand in line")
                continuation.resume(throwing: failure)
            }
        }
    }

    // MARK: For the run

    /// Called by each of the run's tasks, before the handler.
    @inline(never)
    func noteOwnTask() { ownTask.store(Self.currentTask, ordering: .relaxed) }

    /// Called by the run's task as it leaves, before anybody can make the next one: its address may be another's soon.
    func forgetOwnTask() { ownTask.store(0, ordering: .relaxed) }

    private var isOwnTask: Bool {
        let current = Self.currentTask
        return current != 0 && current == ownTask.load(ordering: .relaxed)
    }

    /// Stands for the task that runs now, 0 outside of any: the task itself must not be kept beyond the closure.
    private static var currentTask: Int { withUnsafeCurrentTask { $0?.hashValue ?? 0 } }

    func takeEarly() -> [MessageRecord] {
        lock.withLock {
            defer { early = [] }
            return early
        }
    }

    func messageBox() -> MessageBox {
        let lock = lock
        return lock.withLock {
            if let box { return box }
            let made = MessageBox(
                maxBytes: services.limits.maxPendingInputBytes, lock: lock, isClosed: gate.isStopping)
            box = made
            return made
        }
    }

    /// No more messages: called after the gate was told.
    func closeMessages() {
        lock.withLock { box }?.close()
    }
}
