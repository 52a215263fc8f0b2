import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// One attempt done by a program: the line protocol over its standard streams. Confined to one of the program queues; the lane's
// thread only posts to it. Output goes into the journal's queue in order; when that is full the pipe is not read, and the program
// waits. The attempt is finished after all it said was taken.

final class ProgramRun: WorkerRun, @unchecked Sendable {
    // Sendable: everything but the constants is used on `queue` alone.
    private let assignment: JobAssignment
    private let command: ProgramCommand
    private let services: PoolServices
    private let queue: SerialThread
    private let didEnd: @Sendable (JobRun, _ abandoned: Bool) -> Void

    private var stage = Stage.waiting
    private var throttle: LineThrottle
    private var tail: LineTail
    private var isStopping = false
    /// What the program gets once it runs.
    private var messages: [MessageRecord]
    /// A failure of our own finding, which goes before the exit status.
    private var failure: JobError?

    /// Until the next try of a program for which there was no descriptor or no process.
    private static let shortagePauseMs = 100

    private enum Stage {
        case waiting
        case running(ChildProcess)
        case over
    }

    init(
        _ assignment: JobAssignment, command: ProgramCommand, services: PoolServices,
        didEnd: @escaping @Sendable (JobRun, _ abandoned: Bool) -> Void
    ) {
        self.assignment = assignment
        self.command = command
        messages = assignment.messages
        self.services = services
        self.didEnd = didEnd
        let limits = services.limits
        queue = services.programs.queue(for: assignment.run)
        throttle = LineThrottle(burst: limits.stderrBurstLines, perSecond: limits.stderrLinesPerSecond, now: .current())
        tail = LineTail(maxLines: limits.stderrTailLines, maxBytes: limits.stderrTailBytes)
    }

    func start() {
        queue.async { [self] in spawn() }
    }

    func deliver(_ message: MessageRecord) {
        queue.async { [self] in
            switch stage {
            case .waiting: messages.append(message)
            case .running(let child): write(messageLine(message), to: child)
            case .over: break
            }
        }
    }

    func stop(graceMs: Int64) {
        queue.async { [self] in
            isStopping = true
            if case .running(let child) = stage { child.terminate(graceMs: graceMs) }
        }
    }

    // MARK: The beginning

    private func spawn() {
        guard !isStopping else {
            end(.stopped)
            return
        }
        var command = command
        command.environment = ProgramEnvironment.adding(jobID: assignment.run.id.text, to: command.environment)
        do throws(ProgramStartError) {
            let child = try ChildProcess(
                command, queue: queue, poller: services.programs.poller, limits: services.limits)
            stage = .running(child)
            // Before it gets its input: a program that has begun to work is one that the next start knows of.
            services.queue.post(.noteProcess(assignment.run, child.group))
            child.watch(
                limits: services.limits, onLine: { [self] in take($0, $1) }, onEnd: { [self] in programDidEnd($0) })
            write(firstLine(), to: child)
            for message in messages { write(messageLine(message), to: child) }
            messages = []
        } catch {
            guard error.isShortage else {
                return end(.failed(JobError(code: "spawn", message: error.message), retryable: error.isTransient))
            }
            // Passes as soon as somebody leaves, and costs the job no attempt. A stop is seen at the next look.
            queue.async(afterMs: Self.shortagePauseMs) { [self] in spawn() }
        }
    }

    private func firstLine() -> [UInt8] {
        let path = uploadPath(in: assignment.input)
        return Self.line { writer in
            writer.member("job_id", assignment.run.id.text)
            writer.member("kind", assignment.kind.name)
            writer.member("attempt", assignment.run.attempt)
            writer.member("input", assignment.input)
            if let path { writer.member("upload_path", path) }
        }
    }

    /// The message as the ledger has it; the file's path is put beside the id of an upload.
    private func messageLine(_ message: MessageRecord) -> [UInt8] {
        let nested = message.body.member("input").flatMap(uploadPath)
        guard let path = uploadPath(in: message.body) ?? nested, let members = try? message.body.members() else {
            return message.body.bytes + [0x0A]
        }
        return Self.line { writer in
            for member in members where member.name != "upload_path" { writer.member(member.name, member.value) }
            writer.member("upload_path", path)
        }
    }

    private func uploadPath(in value: JSONText) -> String? {
        value.member("upload")?.stringValue.flatMap(services.uploadPath)
    }

    private static func line(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        JSONText.object(write).bytes + [0x0A]
    }

    private func write(_ bytes: [UInt8], to child: ChildProcess) {
        guard !child.write(bytes), failure == nil else { return }
        failure = JobError(
            code: "input_overflow",
            message: "the program does not read its input; more than \(services.limits.maxPendingInputBytes) bytes wait"
        )
        child.terminate(graceMs: assignment.kind.cancelGraceMs)
    }

    // MARK: Output

    private func take(_ stream: ChildProcess.Stream, _ line: OutputLine) -> PipeReader.Flow {
        if line.isTruncated { services.hits.didCutLine() }
        let maxBytes = services.limits.maxEventBytes
        switch stream {
        case .output:
            var (name, data) = WorkerLine.draft(line)
            if data.bytes.count > maxBytes {
                services.hits.didMeetOversizedEvent()
                (name, data) = (WorkerLine.logName, WorkerLine.cutLog(stream: "stdout", line, toBytes: maxBytes))
            }
            return emit(name, data) { [self] in resume(stream) }
        case .errors:
            tail.append(line.text)
            guard throttle.allows(now: .current()) else { return .more }
            let suppressed = throttle.takeSuppressed()
            var log = WorkerLine.log(stream: "stderr", line)
            if log.bytes.count > maxBytes {
                services.hits.didMeetOversizedEvent()
                log = WorkerLine.cutLog(stream: "stderr", line, toBytes: maxBytes)
            }
            guard suppressed > 0 else { return emit(WorkerLine.logName, log) { [self] in resume(stream) } }
            // Two events: the second waits behind the first, in the same line.
            let gap = WorkerLine.suppressedLog(stream: "stderr", count: suppressed)
            _ = emit(WorkerLine.logName, gap) {}
            return emit(WorkerLine.logName, log) { [self] in resume(stream) }
        }
    }

    private func resume(_ stream: ChildProcess.Stream) {
        if case .running(let child) = stage { child.resume(stream) }
    }

    /// Puts an event into the journal's queue. When it has to wait: `.pause`, and `admitted` comes later, on the run's queue.
    private func emit(_ name: String, _ data: JSONText, admitted: @escaping () -> Void) -> PipeReader.Flow {
        let entry = LaneEntry(.emit(assignment.run, DraftEvent(name: name, data: data)), share: .emission)
        switch services.queue.tryOffer(entry) {
        case .accepted, .closed: return .more
        default: break
        }
        let continuation = Continuation(body: admitted)
        let offer = services.queue.offer(entry) { [queue] _ in queue.async { continuation.body() } }
        if case .waiting = offer { return .pause }
        return .more
    }

    /// A closure of this queue on its way through another thread and back.
    private struct Continuation: @unchecked Sendable {
        // Sendable: called on the run's queue alone.
        let body: () -> Void
    }

    // MARK: The end

    private func programDidEnd(_ exit: ProgramExit) {
        let suppressed = throttle.takeSuppressed()
        guard suppressed > 0 else {
            end(outcome(exit))
            return
        }
        let gap = WorkerLine.suppressedLog(stream: "stderr", count: suppressed)
        let flow = emit(WorkerLine.logName, gap) { [self] in end(outcome(exit)) }
        if flow == .more { end(outcome(exit)) }
    }

    private func outcome(_ exit: ProgramExit) -> WorkerOutcome {
        if let failure, !isStopping {
            return .failed(JobError(code: failure.code, message: failure.message, stderr: tail.lines), retryable: false)
        }
        // Whoever was told to stop has stopped, whatever its status says.
        if isStopping { return .stopped }
        if exit.isSuccess { return .completed(nil) }
        let code = if case .signal = exit { "signal" } else { "exit_status" }
        let error = JobError(code: code, message: "the program ended with \(exit.text)", stderr: tail.lines)
        return .failed(error, retryable: true)
    }

    private func end(_ outcome: WorkerOutcome) {
        if case .over = stage { return }
        stage = .over
        didEnd(assignment.run, false)
        services.queue.post(.finish(assignment.run, outcome))
    }
}
