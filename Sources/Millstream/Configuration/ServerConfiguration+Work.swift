// Worker threads and the files that jobs are given. Plain values.

extension ServerConfiguration {
    /// Threads of workers.
    public struct Workers: Sendable, Hashable {
        /// Threads for handlers that suspend, and for the output of programs.
        public var asyncThreads = 4
        /// Threads for handlers that block, one each while they run.
        public var blockingThreads = 128

        public init() {}
    }

    /// Files that are posted as input of jobs.
    public struct Uploads: Sendable, Hashable {
        /// Of one file.
        public var maxBytes = 512 << 20
        /// Of all files that are kept.
        public var maxTotalBytes = 8 << 30
        /// Files that come in at a time.
        public var maxConcurrent = 32
        /// From the first byte of a file to its last.
        public var timeoutMs = 600_000
        /// Without a byte.
        public var stallTimeoutMs = 30_000
        /// How long a file is kept that no job uses.
        public var idleMs = 3_600_000

        public init() {}
    }
}
