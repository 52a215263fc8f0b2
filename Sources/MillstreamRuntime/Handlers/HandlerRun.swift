import Dispatch
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// One attempt done by a compiled-in handler: its task, and the rule that it ends once, by returning or by being given up after
// its grace (a task cannot be ended by force, so a stuck one keeps its thread but loses its voice and its place).

final class HandlerRun: WorkerRun {
    private let assignment: JobAssignment
    private let handler: any JobHandler
    private let services: PoolServices
    private let gate = RunGate()
    private let box: MessageBox
    private let task = Locked<Task<Void, Never>?>(nil)
    private let didEnd: @Sendable (JobRun, _ abandoned: Bool) -> Void

    init(
        _ assignment: JobAssignment, handler: any JobHandler, services: PoolServices,
        didEnd: @escaping @Sendable (JobRun, _ abandoned: Bool) -> Void
    ) {
        self.assignment = assignment
        self.handler = handler
        self.services = services
        self.didEnd = didEnd
        box = MessageBox(maxBytes: services.limits.maxPendingInputBytes)
    }

    var isProgram: Bool { false }

    func start() {
        for message in assignment.messages { deliver(message) }
        let started = Task(executorPreference: services.executor) { [self] in
            await perform()
        }
        task.withLock { $0 = started }
        // A stop that came before the task was known cancelled nothing.
        if gate.isStopping { started.cancel() }
    }

    func deliver(_ message: MessageRecord) {
        guard !box.add(message) else { return }
        end(
            .failed(
                JobError(code: "input_overflow", message: "the handler does not take its messages"), retryable: false))
    }

    func stop(graceMs: Int64) {
        if gate.beginStop() {
            box.close()
            task.withLock { $0 }?.cancel()
        }
        // A second stop with a shorter grace: the first that is over ends the run.
        services.timers.asyncAfter(deadline: .now() + .milliseconds(Int(clamping: graceMs))) { [self] in
            end(.stopped, abandoned: true)
        }
    }

    private func perform() async {
        let path = assignment.input.member("upload")?.stringValue.flatMap(services.uploadPath)
        let context = JobContext(assignment, uploadPath: path, services: services, gate: gate, box: box)
        do {
            let result = try await handler.run(context)
            end(.completed(result))
        } catch let failure as JobFailure {
            end(
                .failed(JobError(code: failure.code, message: failure.message), retryable: failure.isRetryable))
        } catch {
            end(.failed(JobError(code: "handler", message: String(describing: error)), retryable: true))
        }
    }

    /// Says how the attempt ended, unless that was said. Whoever was told to stop has stopped, whatever it returned meanwhile.
    private func end(_ outcome: WorkerOutcome, abandoned: Bool = false) {
        guard let before = gate.end() else { return }
        box.close()
        if abandoned || before == .open { task.withLock { $0 }?.cancel() }
        didEnd(assignment.run, abandoned)
        services.queue.post(.finish(assignment.run, before == .stopping ? .stopped : outcome))
    }
}
