// The states of a job from its start to its end. Each function is one transition; the caller has decided that it is due. Notices
// go before the event of the same transition: a `status` never follows the terminal event.

import MillstreamJSON
import MillstreamJournal

extension JobLedger {
    /// A worker gets the job: attempt counted, place taken, clock running.
    func begin(_ entry: LedgerEntry, input: JSONText, messages: [MessageRecord]) {
        guard let kind = entry.lane.declared else { return fail(entry, Self.unknownKind(entry.record.kind)) }
        change(entry)
        entry.record.attempt += 1
        entry.record.state = .inProgress
        if entry.record.startedAt == nil { entry.record.startedAt = now.wall }
        entry.record.dueAt = nil
        entry.record.workerSequence = 0
        entry.record.result = nil
        entry.record.processGroup = nil
        entry.head.progress = nil
        takePlace(for: entry)
        let timeoutMs = entry.record.timeoutMs ?? kind.timeoutMs
        move(entry, to: .running(timeoutMs: timeoutMs.map { now.monotonicMs.saturatingSum(max(0, $0)) }))
        draft.tellState(of: entry)
        let assignment = JobAssignment(run: entry.run, kind: kind, input: input, messages: messages)
        draft.directives.append(.start(assignment))
    }

    /// The end of the queue, with a new number in it.
    func enqueue(_ entry: LedgerEntry) {
        change(entry)
        counters.lastQueueOrder += 1
        entry.record.queueOrder = counters.lastQueueOrder
        entry.record.state = .queued
        entry.record.dueAt = nil
        move(entry, to: .ready)
        draft.tellState(of: entry)
    }

    /// The worker is asked to stop; without an answer the job ends at the deadline.
    func stop(_ entry: LedgerEntry, because reason: StopReason) {
        change(entry)
        let graceMs = entry.lane.graceMs
        let deadline = now.monotonicMs.saturatingSum(graceMs).saturatingSum(LedgerLimits.forcedEndMs)
        move(entry, to: .stopping(reason, forcedEndMs: deadline))
        draft.directives.append(.stop(entry.run, graceMs: graceMs))
    }

    /// The worker is gone. Frees its place in any case; decides the job only when the run was not given up.
    func finish(_ run: JobRun, _ outcome: WorkerOutcome) {
        guard leavePlace(RunKey(ref: run.ref, attempt: run.attempt)) else { return }
        draft.directives.append(.forget(run))
        guard let entry = holder(of: run) else { return }
        change(entry)
        entry.record.processGroup = nil
        if case .stopping(let reason, _) = entry.stage { return endStopped(entry, reason) }
        switch outcome {
        case .completed(let result):
            if let result { entry.record.result = StoredValue(result) }
            entry.record.error = nil
            end(entry, .completed)
        case .failed(let error, let retryable): failAttempt(entry, error, retryable: retryable)
        case .stopped: failAttempt(entry, Self.stoppedUnasked, retryable: true)
        }
    }

    /// The live job that this run still holds; nil for a run that was given up.
    func holder(of run: JobRun) -> LedgerEntry? {
        guard let entry = entries[run.ref], entry.record.attempt == run.attempt, entry.record.state.isRunning else {
            return nil
        }
        return entry
    }

    /// Once it was told to stop, what the worker says decides nothing: whoever was answered "cancelled" finds it cancelled.
    func endStopped(_ entry: LedgerEntry, _ reason: StopReason) {
        switch reason {
        case .cancel: cancelNow(entry)
        case .timeout: failAttempt(entry, Self.timeout, retryable: true)
        }
    }

    func cancelNow(_ entry: LedgerEntry) {
        change(entry)
        entry.record.cancelRequested = true
        entry.record.error = Self.cancelled
        end(entry, .cancelled)
    }

    func failAttempt(_ entry: LedgerEntry, _ error: JobError, retryable: Bool) {
        guard retryable, entry.record.attempt < entry.lane.maxAttempts else { return fail(entry, error) }
        let policy = entry.lane.declared?.retries ?? RetryPolicy()
        // Full jitter: jobs that failed together do not come back together.
        let delayMs = Int64.random(in: 0...policy.ceilingMs(afterAttempt: entry.record.attempt), using: &random)
        retry(entry, error, delayMs: delayMs)
    }

    func retry(_ entry: LedgerEntry, _ error: JobError, delayMs: Int64) {
        change(entry)
        let dueAt = now.wall.adding(milliseconds: delayMs)
        entry.record.error = error
        entry.record.state = .retrying
        entry.record.dueAt = dueAt
        move(entry, to: .pausing(untilMs: now.monotonicMs.saturatingSum(delayMs)))
        draft.tellState(of: entry)
        let data = JSONText.object { writer in
            writer.member("attempt", entry.record.attempt)
            writer.member("delay_ms", delayMs)
            writer.member("retry_at", dueAt.description)
            writer.member("error", JobObject.render(error))
        }
        append("retrying", data, to: entry)
    }

    func fail(_ entry: LedgerEntry, _ error: JobError) {
        change(entry)
        entry.record.error = error
        end(entry, .failed)
    }

    /// The one way out: state, notice, then the terminal event with the job as it will be read from now on.
    private func end(_ entry: LedgerEntry, _ state: JobState) {
        change(entry)
        entry.record.state = state
        entry.record.finishedAt = now.wall
        entry.record.dueAt = nil
        entry.record.processGroup = nil
        if state == .completed { entry.head.progress = 100 }
        move(entry, to: .none)
        draft.tellState(of: entry)
        var final = entry.snapshot
        final.lastSequence += 1
        append(state.word, JobObject.render(final, queuePosition: nil, includeInput: false), to: entry)
        remove(entry)
        var ended = entry.snapshot
        if let input = entry.freshInput { ended.input = StoredValue(input) }
        memory.ended[entry.id] = ended
        noteEnded(ended)
    }

    // MARK: Errors of the ledger's own

    static let timeout = JobError(code: "timeout", message: "the attempt took longer than its timeout")
    static let cancelled = JobError(code: "cancelled", message: "the job was cancelled")
    static let crashed = JobError(code: "crashed", message: "the server stopped while the job was running")
    static let stoppedUnasked = JobError(code: "handler", message: "the worker stopped without being asked to")
    static let lostInput = JobError(code: "lost_input", message: "the store no longer has the job's input")

    static func unknownKind(_ name: String) -> JobError {
        JobError(code: "unknown_kind", message: "no kind \(name) is declared")
    }
}
