import Dispatch
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// One attempt done by a compiled-in handler: its task, and the rule that it ends once, by returning or by being given up after
// its grace (a task cannot be ended by force, so a stuck one keeps its thread but loses its voice and its place).

final class HandlerRun: WorkerRun, @unchecked Sendable {
    // Sendable: `task` is touched only with `lock` held, `early` only by `start`, which is called once.
    private let context: JobContext
    private let handler: any JobHandler
    private let lock: Lock
    private var task: Task<Void, Never>?
    /// Messages from before this attempt.
    private var early: [MessageRecord]
    private weak var pool: WorkerPool?

    init(_ assignment: JobAssignment, handler: any JobHandler, services: PoolServices, pool: WorkerPool) {
        self.handler = handler
        self.pool = pool
        lock = Lock()
        early = assignment.messages
        context = JobContext(assignment, services: services, lock: lock)
    }

    var isProgram: Bool { false }

    func start() {
        for message in early { deliver(message) }
        early = []
        let started = Task(executorPreference: context.services.executor) { [self] in
            await perform()
        }
        lock.withLock { task = started }
        // A stop that came before the task was known cancelled nothing.
        if context.port.gate.isStopping { started.cancel() }
    }

    func deliver(_ message: MessageRecord) {
        guard !context.box.add(message) else { return }
        end(
            .failed(
                JobError(code: "input_overflow", message: "the handler does not take its messages"), retryable: false))
    }

    func stop(graceMs: Int64) {
        if context.port.gate.beginStop() {
            context.box.close()
            cancel()
        }
        // A second stop with a shorter grace: the first that is over ends the run.
        context.services.timers.asyncAfter(deadline: .now() + .milliseconds(Int(clamping: graceMs))) { [self] in
            end(.stopped, abandoned: true)
        }
    }

    /// What stands in an async frame is held for as long as the handler runs, in slabs of 1 KiB: everything else is kept out.
    private func perform() async {
        let outcome: WorkerOutcome
        do {
            outcome = .completed(try await handler.run(context))
        } catch {
            outcome = Self.outcome(of: error)
        }
        end(outcome)
    }

    @inline(never)
    private static func outcome(of error: any Error) -> WorkerOutcome {
        guard let failure = error as? JobFailure else {
            return .failed(JobError(code: "handler", message: String(describing: error)), retryable: true)
        }
        return .failed(JobError(code: failure.code, message: failure.message), retryable: failure.isRetryable)
    }

    /// Says how the attempt ended, unless that was said. Whoever was told to stop has stopped, whatever it returned meanwhile.
    @inline(never)
    private func end(_ outcome: WorkerOutcome, abandoned: Bool = false) {
        guard let before = context.port.gate.end() else { return }
        context.box.close()
        if abandoned || before == .open { cancel() }
        pool?.didEnd(context.run, abandoned: abandoned)
        context.services.queue.post(.finish(context.run, before == .stopping ? .stopped : outcome))
    }

    private func cancel() {
        lock.withLock { task }?.cancel()
    }
}
