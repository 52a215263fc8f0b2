// What the configuration declares about a kind of job. Plain values, shared by every thread.

/// A kind of job: which worker runs it, how many at once, and what its failures mean.
public struct JobKind: Sendable, Hashable {
    /// What becomes of a running job when the server is killed.
    public enum CrashPolicy: String, Sendable, Hashable {
        case retry, fail
    }

    /// `[A-Za-z0-9._-]{1,64}`.
    public var name: String
    public var worker: WorkerDeclaration
    /// Jobs of this kind that run at once, 1 to 100,000. Default 16.
    public var concurrency: Int
    /// Of one attempt, in milliseconds; nil for none (default).
    public var timeoutMs: Int64?
    public var retries: RetryPolicy
    public var onCrash: CrashPolicy
    /// With `onCrash` retry: how many attempts in all may be begun because the server was killed. A crash is the server's fault, so
    /// they may be more than `retries` allows, but never without end: the job may be what kills the server. 1 to 1,000; the
    /// attempts of `retries` by default.
    public var crashAttempts: Int
    /// From the polite request to stop (SIGTERM, task cancellation) to the end by force. Default 5,000 ms.
    public var cancelGraceMs: Int64

    public init(
        name: String, worker: WorkerDeclaration, concurrency: Int = 16, timeoutMs: Int64? = nil,
        retries: RetryPolicy = RetryPolicy(), onCrash: CrashPolicy = .fail, crashAttempts: Int? = nil,
        cancelGraceMs: Int64 = 5000
    ) {
        self.name = name
        self.worker = worker
        self.concurrency = concurrency
        self.timeoutMs = timeoutMs
        self.retries = retries
        self.onCrash = onCrash
        self.crashAttempts = crashAttempts ?? retries.attempts
        self.cancelGraceMs = cancelGraceMs
    }
}

/// Who does the work of a kind.
public enum WorkerDeclaration: Sendable, Hashable {
    /// A program: its path and arguments (no shell), and the directory it starts in.
    case exec(arguments: [String], directory: String)
    /// A `JobHandler` compiled into the program under the kind's name.
    case swift
}

/// Attempts in all, and the exponential pause with full jitter between them.
public struct RetryPolicy: Sendable, Hashable {
    /// 1 (default) means no retry; at most 1,000.
    public var attempts: Int
    public var backoffMs: Int64
    public var maxBackoffMs: Int64

    public init(attempts: Int = 1, backoffMs: Int64 = 1000, maxBackoffMs: Int64 = 60_000) {
        self.attempts = attempts
        self.backoffMs = backoffMs
        self.maxBackoffMs = maxBackoffMs
    }
}
