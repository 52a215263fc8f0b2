import Glibc
import MillstreamJSON
import MillstreamLoop
import MillstreamRuntime

// `demo.steps`: a job that does nothing, visibly, in steps of a given length. Thousands of them sleep on one timer; with `block`
// each holds a thread instead, as bad workers do, and with `busy` it also keeps a core from others meanwhile. Runs on the handlers'
// threads.

struct DemoSteps: SteppedHandler {
    static let kind = "demo.steps"

    /// Held for as long as the job.
    private struct Plan {
        var steps: Int32
        var intervalMs: Int32
        var dataBytes: Int32
        /// 0: nowhere.
        var failAt: Int32
        var block: Bool
        var busy: Bool

        init(_ input: JSONText) throws(JobFailure) {
            let input = try DemoInput(input, known: ["steps", "interval_ms", "data_bytes", "fail_at", "block", "busy"])
            steps = Int32(try input.int("steps", default: 13, in: 0...1_000_000))
            intervalMs = Int32(try input.int("interval_ms", default: 50, in: 0...3_600_000))
            dataBytes = Int32(try input.int("data_bytes", default: 200, in: 0...200_000))
            failAt = Int32(try input.optionalInt("fail_at", in: 1...1_000_000) ?? 0)
            block = try input.bool("block", default: false)
            busy = try input.bool("busy", default: false)
        }
    }

    func begin(_ job: JobContext) async throws -> JobStep {
        let plan = try Plan(job.input)
        guard plan.block || plan.busy else { return try await step(1, plan, since: .current(), job) }
        try await job.runBlocking { try runBlocking(job, plan) }
        return .done(result(plan))
    }

    private func result(_ plan: Plan) -> JSONText { JSONText.object { $0.member("steps", Int(plan.steps)) } }

    /// Pauses until the step is due; without pauses, does all that are left.
    private func step(
        _ first: Int32, _ plan: Plan, since start: MonotonicTime, _ job: JobContext
    ) async throws -> JobStep {
        var step = first
        while step <= plan.steps {
            if plan.intervalMs > 0 { return pause(before: step, plan, since: start) }
            try await take(step, plan, job)
            step += 1
        }
        return .done(result(plan))
    }

    private func pause(before step: Int32, _ plan: Plan, since start: MonotonicTime) -> JobStep {
        // From the start and not from the step before: the pauses do not add up their delays.
        .pause(until: start.advanced(byMs: Int(step) * Int(plan.intervalMs))) { job in
            try await take(step, plan, job)
            return try await self.step(step + 1, plan, since: start, job)
        }
    }

    private func take(_ step: Int32, _ plan: Plan, _ job: JobContext) async throws {
        try await job.emit("progress", data(step, plan))
        try failIfDue(step, plan)
    }

    private func runBlocking(_ job: JobContext, _ plan: Plan) throws {
        let start = MonotonicTime.current()
        for step in stride(from: 1, through: plan.steps, by: 1) {
            let deadline = start.advanced(byMs: Int(step) * Int(plan.intervalMs))
            if plan.busy { try compute(until: deadline, job) } else { try block(until: deadline, job) }
            try job.emitBlocking("progress", data(step, plan))
            try failIfDue(step, plan)
        }
    }

    /// Holds the thread, in pieces short enough that a stop does not wait for a long step.
    private func block(until deadline: MonotonicTime, _ job: JobContext) throws {
        while true {
            if job.isCancelled { throw CancellationError() }
            let now = MonotonicTime.current()
            guard now < deadline else { return }
            usleep(useconds_t(min(500_000_000, deadline.nanoseconds - now.nanoseconds) / 1000 + 1))
        }
    }

    /// Never gives the core away by itself. It looks at the clock all the time, which is as good as any other work.
    private func compute(until deadline: MonotonicTime, _ job: JobContext) throws {
        while MonotonicTime.current() < deadline {
            if job.isCancelled { throw CancellationError() }
        }
    }

    private func failIfDue(_ step: Int32, _ plan: Plan) throws(JobFailure) {
        guard step == plan.failAt else { return }
        throw JobFailure(code: "handler", message: "failed after step \(step), as its input asked", isRetryable: false)
    }

    private func data(_ step: Int32, _ plan: Plan) -> JSONText {
        PaddedObject.make(byteCount: Int(plan.dataBytes)) { writer in
            writer.member(plain: "step", Int(step))
            writer.member(plain: "steps", Int(plan.steps))
            writer.name(plain: "progress")
            writer.hundredths(Int((Double(step) / Double(plan.steps) * 10_000).rounded()))
            // Last, right before the emission.
            writer.name(plain: "t")
            writer.int(MonotonicTime.current().nanoseconds)
        }
    }
}
