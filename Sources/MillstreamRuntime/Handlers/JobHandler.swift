import MillstreamJSON
import MillstreamLoop

// What a program that embeds the server implements to do work of its own.

/// The work of one kind of job, compiled in. One value serves all its jobs at once, on several threads.
public protocol JobHandler: Sendable {
    /// Does one attempt. Returns the result (nil for none), or throws: ``JobFailure`` says how the job failed,
    /// `CancellationError` after the job was told to stop is a stop, anything else fails the job with code `handler`.
    ///
    /// Runs on a bounded pool: await, do not block; for calls that block there is ``JobContext/runBlocking(_:)``. When the job is
    /// cancelled the task is, and every waiting call of the context throws `CancellationError`. Who goes on after the grace time
    /// is given up: what it emits then is refused.
    func run(_ job: JobContext) async throws -> JSONText?
}

/// The work of one kind of job in steps, for jobs that wait most of their time: one that pauses for a second or more has no task
/// meanwhile, whose memory is more than all else that the server holds of a running job. A step is a function like
/// ``JobHandler/run(_:)``, under the same rules; what the next one must know it is given in its closure.
public protocol SteppedHandler: JobHandler {
    /// Does the attempt's first step.
    func begin(_ job: JobContext) async throws -> JobStep
}

/// How a step ended.
public enum JobStep: Sendable {
    /// The attempt is done, with this result.
    case done(JSONText?)
    /// Nothing happens until the deadline, then `next` goes on, in another task maybe. A job that is told to stop meanwhile has
    /// stopped: `next` is not called. Messages wait for `next`.
    case pause(until: MonotonicTime, next: @Sendable (JobContext) async throws -> JobStep)
}

extension SteppedHandler {
    /// The same in one task, for whoever wants a plain handler.
    public func run(_ job: JobContext) async throws -> JSONText? {
        var step = try await begin(job)
        while true {
            switch step {
            case .done(let result): return result
            case .pause(let deadline, let next):
                try await job.sleep(until: deadline)
                step = try await next(job)
            }
        }
    }
}

/// A failure that the handler means.
public struct JobFailure: Error, Sendable, Hashable {
    /// The `error.code` of the job: short, lower case, `_` between words.
    public var code: String
    public var message: String
    /// Whether another attempt may go better.
    public var isRetryable: Bool

    public init(code: String, message: String, isRetryable: Bool = true) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
    }
}

/// Why an event was not taken.
public enum EmissionError: Error, Sendable, Hashable {
    /// One of the server's own names: `completed`, `gap` …
    case reservedName(String)
    /// Not `[A-Za-z0-9_.:-]{1,64}`.
    case invalidName(String)
    /// Not `[A-Za-z0-9._-]{1,128}`.
    case invalidChannel(String)
    case tooLarge(maxBytes: Int)
    /// The attempt has ended, or was given up after its grace.
    case runIsOver
    /// The server stops.
    case closed
}
