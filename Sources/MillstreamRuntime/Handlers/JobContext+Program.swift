import MillstreamJobs
import MillstreamLoop

// Programs as tools of a handler: started like exec workers (own group, no descriptors of ours), journalled so that a killed
// server's leftovers are ended, and gone when the handler's call returns, however it returns.

extension JobContext {
    /// Runs a program and hands its lines, of both outputs in the order of arrival, to `onLine`, one at a time; while that runs,
    /// the program's output waits. When the job is told to stop, or `onLine` throws, the program's group gets SIGTERM and, a
    /// moment later, SIGKILL; the call returns after its end.
    /// - Parameters:
    ///   - arguments: the program (looked up in PATH when it holds no slash) and its arguments; no shell.
    ///   - directory: where it starts; nil: where the server runs.
    ///   - input: its standard input, closed after that.
    ///   - started: gets the process id, on another thread, before the first line.
    /// - Throws: ``JobFailure`` with code `spawn` when it cannot be started, `CancellationError`, or what `onLine` threw.
    public func runProgram(
        _ arguments: [String], directory: String? = nil, input: [UInt8] = [],
        started: @escaping @Sendable (Int32) -> Void = { _ in },
        onLine: (ProgramLine) async throws -> Void
    ) async throws -> ProgramExit {
        let command = ProgramCommand(
            arguments: arguments, directory: directory ?? "",
            environment: ProgramEnvironment.adding(jobID: run.id.text, to: services.environment))
        let tool = ProgramTool(self, graceMs: min(1000, kind.cancelGraceMs / 2))
        return try await withTaskCancellationHandler {
            try await tool.start(command, input: input, started)
            return try await tool.feed(onLine)
        } onCancel: {
            tool.terminate()
        }
    }
}

/// One program of a handler, between the handler's task and the program's queue.
private final class ProgramTool: @unchecked Sendable {
    // Sendable: `child` and `isTerminating` are used on `queue` alone, the rest is constant.
    private let job: JobContext
    private let queue: SerialThread
    private let graceMs: Int64
    private let lines = ProgramLines()
    private var child: ChildProcess?
    private var isTerminating = false

    init(_ job: JobContext, graceMs: Int64) {
        self.job = job
        self.graceMs = graceMs
        queue = job.services.programs.queue(for: job.run)
    }

    func start(
        _ command: ProgramCommand, input: [UInt8], _ started: @escaping @Sendable (Int32) -> Void
    ) async throws {
        try await withTaskExecutorPreference(job.services.executor) {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                queue.async { [self] in continuation.resume(with: Result { try started(spawn(command, input)) }) }
            }
        }
    }

    func feed(_ onLine: (ProgramLine) async throws -> Void) async throws -> ProgramExit {
        var failure: (any Error)?
        while true {
            // Programs' threads wake it, and never wait for one of another executor.
            switch await withTaskExecutorPreference(job.services.executor, operation: { await lines.next() }) {
            case .ended(let exit):
                if let failure { throw failure }
                try Task.checkCancellation()
                return exit
            case .line(let line):
                do {
                    // After a failure the rest is read and dropped: the program must be able to end.
                    if failure == nil { try await onLine(line) }
                } catch {
                    failure = error
                    terminate()
                }
                resume(lines.takeHeld())
            }
        }
    }

    func terminate() {
        queue.async { [self] in
            isTerminating = true
            child?.terminate(graceMs: graceMs)
        }
    }

    private func spawn(_ command: ProgramCommand, _ input: [UInt8]) throws -> Int32 {
        guard !isTerminating else { throw CancellationError() }
        do throws(ProgramStartError) {
            let child = try ChildProcess(
                command, queue: queue, poller: job.services.programs.poller, limits: job.services.limits)
            self.child = child
            job.services.queue.post(.noteProcess(job.run, child.group))
            child.watch(
                limits: job.services.limits,
                onLine: { [lines, hits = job.services.hits] stream, line in
                    if line.isTruncated { hits.didCutLine() }
                    let isError = stream == .errors
                    let text = ProgramLine(text: line.text, isError: isError, isTruncated: line.isTruncated)
                    return lines.add(text) ? .pause : .more
                },
                onEnd: { [self] exit in
                    self.child = nil
                    lines.finish(exit)
                })
            if !input.isEmpty { _ = child.write(input) }
            child.closeInputWhenDrained()
            return child.group.id
        } catch {
            throw JobFailure(code: "spawn", message: error.message, isRetryable: error.isTransient)
        }
    }

    private func resume(_ held: Set<Bool>) {
        guard !held.isEmpty else { return }
        queue.async { [self] in
            for isError in held { child?.resume(isError ? .errors : .output) }
        }
    }
}
