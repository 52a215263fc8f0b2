import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// One attempt of a job as its handler sees it: what to do, and how to speak. Usable from every thread and task of the handler.

/// A running job, in the hands of its handler.
public final class JobContext: Sendable {
    /// Job and attempt.
    public let run: JobRun
    public let kind: JobKind
    public let input: JSONText
    let port: EmissionPort
    let services: PoolServices
    let box: MessageBox

    /// - Parameter lock: for the messages; held for a moment.
    init(_ assignment: JobAssignment, services: PoolServices, lock: Lock) {
        run = assignment.run
        kind = assignment.kind
        input = assignment.input
        self.services = services
        box = MessageBox(maxBytes: services.limits.maxPendingInputBytes, lock: lock)
        port = EmissionPort(
            queue: services.queue, gate: RunGate(), maxEventBytes: services.limits.maxEventBytes, hits: services.hits)
    }

    /// The file of the upload that the input names under `upload`, or nil.
    public var uploadPath: String? { input.member("upload")?.stringValue.flatMap(services.uploadPath) }

    /// 1 for the first.
    public var attempt: Int { run.attempt }

    /// Whether the job was told to stop (cancel, timeout, drain), or has ended. For loops that do not await.
    public var isCancelled: Bool { port.gate.isStopping }

    /// Messages to this job. For one consumer.
    public var messages: JobMessages { JobMessages(box: box) }

    // MARK: Events

    /// Adds an event to the job's log. Suspends while the journal's queue is full; returns before the event is stored.
    ///
    /// Names with a meaning: `progress` (a number `progress` in its data sets the job's progress), `result` (sets the result),
    /// `input_required` (sets that state).
    /// - Throws: ``EmissionError``, or `CancellationError` once the job was told to stop.
    public func emit(_ name: String, _ data: JSONText = .null) async throws {
        guard let line = try port.offer(.emit(run, port.draft(name, data))) else { return }
        try await port.stand(in: line)
    }

    /// The same for code inside ``runBlocking(_:)``: blocks its thread while the journal's queue is full.
    public func emitBlocking(_ name: String, _ data: JSONText = .null) throws {
        try port.sendBlocking(.emit(run, port.draft(name, data)))
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
    /// - Parameter channel: `[A-Za-z0-9._-]{1,128}`; a channel begins with its first event.
    public func publish(channel: String, _ name: String, _ data: JSONText = .null) async throws {
        guard JobID.isName(channel, maxLength: 128) else { throw EmissionError.invalidChannel(channel) }
        guard let line = try port.offer(.emitToChannel(channel, port.draft(name, data))) else { return }
        try await port.stand(in: line)
    }

    /// The same for code inside ``runBlocking(_:)``.
    public func publishBlocking(channel: String, _ name: String, _ data: JSONText = .null) throws {
        guard JobID.isName(channel, maxLength: 128) else { throw EmissionError.invalidChannel(channel) }
        try port.sendBlocking(.emitToChannel(channel, port.draft(name, data)))
    }

    // MARK: Time and threads

    /// Pauses without holding a thread. Cheaper than `Task.sleep` when thousands do it.
    /// - Throws: `CancellationError`.
    public func sleep(until deadline: MonotonicTime) async throws {
        guard await services.delays.sleep(until: deadline) else { throw CancellationError() }
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
}
