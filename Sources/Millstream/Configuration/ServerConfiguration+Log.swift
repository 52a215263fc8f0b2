// Where the server writes about itself. A plain value.

extension ServerConfiguration {
    /// The server's own log.
    public struct Log: Sendable, Hashable {
        public enum Format: String, Sendable, CaseIterable {
            /// For people: one line of text each.
            case text
            /// For programs: one JSON object a line.
            case json
        }

        /// As in swift-log, from the most to the least talkative.
        public enum Level: String, Sendable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }

        public var format = Format.text
        public var level = Level.info
        /// Nil for standard error. The file is opened again on SIGHUP.
        public var file: String?
        /// Lines that wait for a slow disk; what is more is dropped, and counted.
        public var queueBytes = 1 << 20

        public init() {}
    }
}
