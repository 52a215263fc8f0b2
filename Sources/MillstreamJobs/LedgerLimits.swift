// The bounds within which the ledger works. Plain values out of the configuration; every one has a named refusal or a bounded step.

/// What the ledger holds at most, and how much it does in one call.
public struct LedgerLimits: Sendable, Hashable {
    /// Jobs that wait (queued, scheduled or retrying), in all kinds. One more `create` is refused as `.queueFull`.
    public var maxQueuedJobs: Int
    /// Bytes of the JSON data of one event from an outside publisher. The worker layer cuts to the same bound.
    public var maxEventBytes: Int
    /// Channels that exist at once, those only in the store included.
    public var maxChannels: Int
    /// Messages (`POST …/input`) that one job may receive in its life: all of them are given again to each attempt.
    public var maxMessagesPerJob: Int
    /// Timers, starts and trims in one call of `advance`; the rest is due at once again.
    public var maxStepsPerAdvance: Int
    /// Rows that one step of `sweep` looks at.
    public var maxRowsPerSweep: Int

    public init(
        maxQueuedJobs: Int = 100_000, maxEventBytes: Int = 262_144, maxChannels: Int = 100_000,
        maxMessagesPerJob: Int = 1000, maxStepsPerAdvance: Int = 1024, maxRowsPerSweep: Int = 64
    ) {
        self.maxQueuedJobs = maxQueuedJobs
        self.maxEventBytes = maxEventBytes
        self.maxChannels = maxChannels
        self.maxMessagesPerJob = maxMessagesPerJob
        self.maxStepsPerAdvance = max(1, maxStepsPerAdvance)
        self.maxRowsPerSweep = max(1, maxRowsPerSweep)
    }

    /// Input texts up to this many bytes stay in memory with a live job; longer ones are read back when it starts.
    static let maxHeldInputBytes = 1024
    /// How long an `Idempotency-Key` is kept.
    static let idempotencyAgeMs: Int64 = 86_400_000
    /// After the grace, how long a worker may take to say `.finish` before its job ends without it.
    static let forcedEndMs: Int64 = 2000
    /// When the server stops, the longest grace of what still runs after the graceful time: it had that time already.
    static let releaseGraceMs: Int64 = 1000
    /// The grace of a kind that is no longer declared.
    static let defaultGraceMs: Int64 = 5000
    /// While something waits for a wall-clock time, the ledger looks at that clock at least this often: it may be set forward.
    static let maxWallSleepMs: Int64 = 60_000
}
