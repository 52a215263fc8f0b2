// Bounds and times of the streams. A value; the configuration checks the ranges.

/// Settings of a ``StreamHub``; the defaults are those of the shipped configuration.
public struct StreamSettings: Hashable, Sendable {
    /// Silence lasts this long at most: then a comment is sent, up to 0.9 s earlier. A second or more.
    public var heartbeatIntervalMs = 15_000
    /// How long a stream may last, less up to 0.9 s; 0 for any time.
    public var maxAgeMs = 0
    /// Streams end up to this much before ``maxAgeMs``, so that those opened together do not come back together.
    public var maxAgeSpreadMs = 60_000
    /// What `status` tells a client to wait before it reconnects; the lower bound of what `closing` tells.
    public var retryMs = 2_000
    /// `closing` adds up to this much, different for each reader.
    public var retrySpreadMs = 5_000
    /// Encoded events that are kept of all logs together, for readers that come or come back soon.
    public var maxRecentBytes = 64 << 20
    /// The same of one log.
    public var maxRecentBytesPerLog = 256 << 10
    /// A reader that is behind gets its log in shared pieces of about this length (one longer event aside).
    public var maxChunkBytes = 64 << 10
    /// The same for text that is made for one reader alone.
    public var maxOwnChunkBytes = 16 << 10
    /// What readers that are behind get in one tick, all together, as long as no more is new in it; each send counts as 4 KiB more. This
    /// is how long an event that was just committed waits for them: some hundreds of microseconds.
    public var maxReplayBytesPerTick = 256 << 10
    /// New text beyond this, over all readers in one tick, goes in turns, too: some tens of milliseconds of the loop.
    public var maxFanOutBytesPerTick = 128 << 20
    /// Events of one page asked of the store.
    public var maxPageEvents = 512
    /// Bytes of data of one page asked of the store.
    public var maxPageBytes = 48 << 10
    /// Questions to the store that are under way at a time; more wait, each asked once for all its readers.
    public var maxPageRequests = 32
    /// Encoded pages that are kept for readers that resume at the same place.
    public var maxPageCacheBytes = 4 << 20

    public init() {}
}
