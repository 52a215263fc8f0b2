// How long logs, ended jobs, channels and uploads are kept. Plain values out of the configuration.

/// What retention may take. A job's terminal event stays until the whole job goes.
public struct RetentionPolicy: Sendable, Hashable {
    /// Events of one log, 1 or more. Trimming starts an eighth above it, so that it is paid once per many events;
    /// of a log that does not grow any more the newest so many stay.
    public var maxEventsPerLog: Int64
    /// Bytes of event data of one log; trimming starts an eighth above it. The last event always stays.
    public var maxBytesPerLog: Int64
    /// Nil: events do not age.
    public var maxEventAgeMs: Int64?
    /// From a job's end to its removal; nil: never by age.
    public var endedJobAgeMs: Int64?
    /// Nil: ended jobs are not counted.
    public var maxEndedJobs: Int64?
    /// From a channel's last event to its removal; nil: never.
    public var channelIdleMs: Int64?
    /// From an upload's arrival to its removal when no job uses it.
    public var uploadIdleMs: Int64

    public init(
        maxEventsPerLog: Int64 = 100_000, maxBytesPerLog: Int64 = 64 << 20, maxEventAgeMs: Int64? = nil,
        endedJobAgeMs: Int64? = 7 * 86_400_000, maxEndedJobs: Int64? = nil, channelIdleMs: Int64? = 86_400_000,
        uploadIdleMs: Int64 = 3_600_000
    ) {
        self.maxEventsPerLog = max(1, maxEventsPerLog)
        self.maxBytesPerLog = max(1, maxBytesPerLog)
        self.maxEventAgeMs = maxEventAgeMs
        self.endedJobAgeMs = endedJobAgeMs
        self.maxEndedJobs = maxEndedJobs
        self.channelIdleMs = channelIdleMs
        self.uploadIdleMs = uploadIdleMs
    }

    /// Whether a log has outgrown its bounds so far that trimming is worth its price.
    func isOvergrown(_ head: LogHead) -> Bool {
        head.eventCount > maxEventsPerLog + maxEventsPerLog / 8 || head.logBytes > maxBytesPerLog + maxBytesPerLog / 8
    }

    /// Whether a log is beyond its bounds at all: as one that does not grow any more must not stay.
    func isExceeded(by head: LogHead) -> Bool {
        head.eventCount > maxEventsPerLog || head.logBytes > maxBytesPerLog && head.eventCount > 1
    }
}
