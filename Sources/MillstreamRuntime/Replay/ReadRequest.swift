import MillstreamJournal

// What the loop asks of the replay lanes, and what comes back. Values only.

/// The head of a log: of a job or of a channel.
public enum LogHead: Sendable, Hashable {
    case job(JobRecord)
    case channel(ChannelRecord)

    public var ref: LogRef {
        switch self {
        case .job(let record): record.ref
        case .channel(let record): record.ref
        }
    }

    public var epoch: Epoch {
        switch self {
        case .job(let record): record.epoch
        case .channel(let record): record.epoch
        }
    }

    public var lastSequence: Int64 {
        switch self {
        case .job(let record): record.lastSequence
        case .channel(let record): record.lastSequence
        }
    }

    public var trimmedThrough: Int64 {
        switch self {
        case .job(let record): record.trimmedThrough
        case .channel(let record): record.trimmedThrough
        }
    }
}

public enum ReadRequest: Sendable, Hashable {
    /// Events of a log after a number. → `.events`
    case page(LogRef, after: Int64, maxEvents: Int, maxBytes: Int)
    /// The head of the log that has the name now. → `.head`
    case head(LogName)
    /// Head and events together, for a JSON page. → `.eventsPage`
    case eventsPage(LogName, after: Int64, maxEvents: Int, maxBytes: Int)
    /// With input and result texts. → `.job`
    case job(JobID)
    /// The same by log, for an ended run whose name is another's. → `.job`
    case jobByRef(LogRef)
    /// Newest first, with input and result texts; at most `limit`, 1 or more. → `.jobs`
    case jobs(JobFilter, before: LogRef?, limit: Int)
    /// → `.upload`
    case upload(String)
    /// → `.statistics`
    case statistics

    /// Lists and sums scan more than a page; they have a lane of their own.
    var isList: Bool {
        switch self {
        case .jobs, .statistics: true
        default: false
        }
    }
}

public enum ReadResult: Sendable, Hashable {
    case events([EventRecord])
    case head(LogHead?)
    /// The head was read after the events, so that it never knows less than they tell; nil when the log is gone.
    case eventsPage(LogHead?, [EventRecord])
    case job(JobRecord?)
    /// Whole jobs, and the one below which more follow; nil when there are no more.
    case jobs([JobRecord], next: LogRef?)
    case upload(UploadRecord?)
    case statistics(JournalStatistics)
}

/// The answer to one read.
public struct ReadReport: Sendable {
    public var ticket: LaneTicket
    public var result: Result<ReadResult, JournalError>
    /// Nanoseconds in the store.
    public var readNs: UInt64

    public init(ticket: LaneTicket, result: Result<ReadResult, JournalError>, readNs: UInt64) {
        self.ticket = ticket
        self.result = result
        self.readNs = readNs
    }
}
