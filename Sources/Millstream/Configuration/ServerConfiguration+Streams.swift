// How streams behave while nothing happens, when they last long, and when their readers are slow. A plain value.

extension ServerConfiguration {
    /// Event streams.
    public struct Streams: Sendable, Hashable {
        public var heartbeatMs = 15_000
        /// What readers are told to wait before they come back.
        public var retryMs = 2000
        /// Over how long readers are spread, on top of `retryMs`, when many are sent away at once.
        public var retrySpreadMs = 5000
        /// Nil: streams do not end by age.
        public var maxAgeMs: Int?
        /// How much earlier a stream may be ended by age, at random, so that not all end at once.
        public var maxAgeSpreadMs = 60_000
        /// How long a reader may take nothing.
        public var stallTimeoutMs = 30_000
        /// Encoded events that are held for readers who come soon: of all logs, and of one.
        public var recentBytes = 64 << 20
        public var recentBytesPerLog = 256 << 10

        public init() {}
    }
}
