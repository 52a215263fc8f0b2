// What a reader asked for, after the server has let it in. A value.

import MillstreamJournal

/// The logs of one stream in the order of the query, and where the reader stands in them.
public struct StreamRequest: Sendable {
    /// One log of the stream.
    public struct Log: Sendable {
        public var name: LogName
        /// What the server knows of it; nil: the hub asks the store. Always given for jobs.
        public var extent: LogExtent?
        /// The job object as JSON on one line, for the first event; nil for channels.
        public var snapshot: [UInt8]?

        public init(name: LogName, extent: LogExtent?, snapshot: [UInt8]?) {
            self.name = name
            self.extent = extent
            self.snapshot = snapshot
        }
    }

    /// 1 to ``CombinedCursor/maxLogs``.
    public var logs: [Log]
    /// Checked by ``StreamAdmission/decide(_:)``.
    public var cursor: StreamCursor?

    public init(logs: [Log], cursor: StreamCursor?) {
        self.logs = logs
        self.cursor = cursor
    }
}
