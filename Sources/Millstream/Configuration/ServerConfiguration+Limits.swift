// The bounds of what comes in and of what waits inside. A plain value.

extension ServerConfiguration {
    /// Bounds of requests, queues and counts.
    public struct Limits: Sendable, Hashable {
        /// Connections and streams together; the descriptor limit bounds them as well.
        public var maxConnections = 65_536
        public var maxStreams = 65_536
        /// Connections that the kernel holds until they are accepted; net.core.somaxconn bounds it as well.
        public var backlog = 4096
        public var maxHeadBytes = 32 << 10
        public var maxHeaderFields = 100
        public var maxTargetBytes = 16 << 10
        public var maxBodyBytes = 1 << 20
        /// Of all request bodies that are in memory at a time.
        public var maxTotalBodyBytes = 64 << 20
        public var headTimeoutMs = 10_000
        public var bodyTimeoutMs = 30_000
        /// Of a connection on which no request begins.
        public var idleTimeoutMs = 75_000
        /// Of requests that wait behind the one that is answered, for each connection.
        public var maxPipelinedBytes = 64 << 10
        /// Requests that wait for a change (long poll, `Prefer: wait`) at a time.
        public var maxParkedRequests = 10_000
        /// The data of one event.
        public var maxEventBytes = 256 << 10
        /// One line of a worker program's output.
        public var maxLineBytes = 256 << 10
        public var maxQueuedJobs = 100_000
        public var maxChannels = 100_000
        /// Messages to one job in its life.
        public var maxMessagesPerJob = 1000
        /// Messages to the loop that wait.
        public var mailboxCapacity = 65_536
        /// Commands of requests that wait for the journal.
        public var journalQueueCommands = 4096
        /// Emissions of workers that wait for the journal, and their bytes.
        public var journalQueueEvents = 8192
        public var journalQueueBytes = 16 << 20
        /// Reads of the journal that wait.
        public var replayQueue = 4096
        /// Of one connection, in the kernel; nil leaves it to the kernel.
        public var sendBufferBytes: Int?
        /// Metric series at a time; further ones are counted, not kept.
        public var maxMetricSeries = 10_000

        public init() {}
    }
}
