import MillstreamLoop

// How a handler that works in steps is carried from one to the next: in one task as long as its pauses are short; a long one ends the
// task, and what is left of the run is its place in the pool's heap and the closure that goes on.

extension JobContext {
    /// A pause as long as this is worth another task, some microseconds of a core.
    static let minPauseMs = 1_000

    /// Makes a task that does the step, and those after it until one pauses for long.
    func take(_ first: @escaping HandlerKind.Step) {
        // The task may come to its end while it is made: with the lock held, it cannot forget itself before it is known.
        lock.withLock {
            task = Task(executorPreference: services.executor) { [self] in
                noteOwnTask()
                do {
                    var step = try await first(self)
                    while let pause = shortPause(step) {
                        try await sleep(until: pause.deadline)
                        step = try await pause.next(self)
                    }
                    leaveTask(step)
                } catch {
                    didThrow(error)
                }
            }
        }
        // A stop that came before the task was known cancelled nothing.
        if gate.isStopping { cancel() }
    }

    private func shortPause(_ step: JobStep) -> (deadline: MonotonicTime, next: HandlerKind.Step)? {
        guard case .pause(let deadline, let next) = step else { return nil }
        return deadline < MonotonicTime.current().advanced(byMs: Self.minPauseMs) ? (deadline, next) : nil
    }

    /// The last that a task does.
    private func leaveTask(_ step: JobStep) {
        switch step {
        case .done(let result): didReturn(result)
        case .pause(let deadline, let next):
            // Its address may be another task's before this run has one again.
            forgetOwnTask()
            lock.withLock {
                task = nil
                nextStep = next
            }
            // Closed: the pool goes, and nobody would come back to this run.
            guard services.pauses.add(self, until: deadline) else { return didLeavePause() }
            // A stop that came before the pause was known found nobody.
            if gate.isStopping, services.pauses.remove(self) { didLeavePause() }
        }
    }

    /// The deadline has come. On the timers' queue.
    func pauseIsOver() {
        guard !gate.isStopping else { return didLeavePause() }
        if let next = takeNextStep() { take(next) }
    }

    /// Stopped, or the pool is gone.
    func didLeavePause() {
        _ = takeNextStep()
        didThrow(CancellationError())
    }

    /// What the closure holds may do anything when it goes: not under the lock.
    private func takeNextStep() -> HandlerKind.Step? {
        lock.withLock {
            defer { nextStep = nil }
            return nextStep
        }
    }
}
