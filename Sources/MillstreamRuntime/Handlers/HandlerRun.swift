import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// One attempt done by a compiled-in handler: its task, and the rule that it ends once, by returning or by being given up after
// its grace (a task cannot be ended by force, so a stuck one keeps its thread but loses its voice and its place). The attempt is
// its handler's context at the same time: one object for each running job, and what runs of a kind share is held once.

/// What all runs of one kind have in common.
final class HandlerKind: Sendable {
    typealias Step = @Sendable (JobContext) async throws -> JobStep

    let kind: JobKind
    let handler: any JobHandler
    /// The handler's first step, when it works in steps.
    let begin: Step?
    let services: PoolServices
    private let didEndRun: @Sendable (JobRun, _ abandoned: Bool) -> Void

    init(
        _ kind: JobKind, handler: any JobHandler, services: PoolServices,
        didEnd: @escaping @Sendable (JobRun, _ abandoned: Bool) -> Void
    ) {
        self.kind = kind
        self.handler = handler
        if let stepped = handler as? any SteppedHandler {
            begin = { job in try await stepped.begin(job) }
        } else {
            begin = nil
        }
        self.services = services
        didEndRun = didEnd
    }

    func didEnd(_ run: JobRun, abandoned: Bool) { didEndRun(run, abandoned) }
}

extension JobContext: WorkerRun {
    func start() {
        for message in takeEarly() { take(message) }
        if let begin = shared.begin { return take(begin) }
        // What stands in an async frame is held for as long as the handler runs, in slabs of 1 KiB: here and in what handlers wait in,
        // everything that one moment needs is left to functions that do not suspend.
        let started = Task(executorPreference: services.executor) { [self] in
            noteOwnTask()
            do {
                didReturn(try await shared.handler.run(self))
            } catch {
                didThrow(error)
            }
        }
        lock.withLock { task = started }
        // A stop that came before the task was known cancelled nothing.
        if gate.isStopping { cancel() }
    }

    func deliver(_ message: MessageRecord) {
        services.calls.async { [self] in take(message) }
    }

    func stop(graceMs: Int64) {
        if gate.beginStop() { services.calls.async { [self] in leaveHandler(cancels: true) } }
        // A second stop with a shorter grace: the first that is over ends the run.
        services.timers.async(afterMs: Int(clamping: graceMs)) { [self] in
            giveUp()
        }
    }

    private func take(_ message: MessageRecord) {
        guard !messageBox().add(message) else { return }
        end(
            .failed(
                JobError(code: "input_overflow", message: "the handler does not take its messages"), retryable: false))
    }

    @inline(never)
    func didReturn(_ result: JSONText?) {
        forgetOwnTask()
        end(.completed(result))
    }

    @inline(never)
    func didThrow(_ error: any Error) {
        forgetOwnTask()
        let error = error as? JobFailure ?? JobFailure(code: "handler", message: String(describing: error))
        end(.failed(JobError(code: error.code, message: error.message), retryable: error.isRetryable))
    }

    /// Says how the attempt ended, unless that was said. Whoever was told to stop has stopped, whatever it returned meanwhile.
    private func end(_ outcome: WorkerOutcome) {
        guard let before = gate.end() else { return }
        leaveHandler(cancels: before == .open)
        shared.didEnd(run, abandoned: false)
        services.queue.post(.finish(run, before == .stopping ? .stopped : outcome))
    }

    /// Its grace is over. On the timers' thread, which must get to the next, whatever this handler does when it is cancelled.
    private func giveUp() {
        guard gate.end() != nil else { return }
        services.calls.async { [self] in leaveHandler(cancels: true) }
        shared.didEnd(run, abandoned: true)
        services.queue.post(.finish(run, .stopped))
    }

    /// Runs what the handler wants to hear of its end.
    private func leaveHandler(cancels: Bool) {
        closeMessages()
        if cancels { cancel() }
    }

    func cancel() {
        lock.withLock { task }?.cancel()
        // A sleep of the run's own task has no cancellation handler.
        services.delays.wake(sleeper, reached: false)
        // A pause without a task: nobody is there who could end the run.
        if shared.begin != nil, services.pauses.remove(self) { didLeavePause() }
    }
}
