// The bounds of the journal lane. A plain value; the configuration fills it.

/// How much may wait for the journal, how much one commit takes, and how often the lane tries again.
public struct LaneLimits: Sendable, Hashable {
    /// Commands of HTTP requests that wait at a time; one more is refused (503). A share of their own, so that a flood of
    /// emissions does not starve them.
    public var maxCallerCommands = 4096
    public var maxCallerBytes = 64 << 20
    /// Emissions of workers that wait or are being committed; who emits one more waits. One larger than all the bytes is let
    /// in when nothing else waits.
    public var maxEmissions = 8192
    public var maxEmissionBytes = 16 << 20
    /// Of one commit. One command larger than the bytes goes alone.
    public var maxBatchCommands = 4096
    public var maxBatchBytes = 8 << 20
    /// The pause after the first failed commit; each further failure doubles it up to `maxRetryMs`.
    public var firstRetryMs = 50
    public var maxRetryMs = 1000
    /// How often one command may fail alone, while others succeed, before its job is failed with code `store`.
    public var maxFailuresAlone = 5
    /// From one round of retention and expiry to the next.
    public var sweepIntervalMs = 10_000
    /// The store is maintained when the lane is idle, not more often than this, and at the latest after so many commits.
    public var maintainIntervalMs = 1000
    public var maxBatchesWithoutMaintenance = 256
    /// How long `stop` goes on trying when the store does not take what is queued.
    public var stopTimeoutMs = 5000

    public init() {}
}
