// Figures of the streams since the start. A plain value that the hub counts in.

/// Counters and gauges of a ``StreamHub``.
public struct StreamMetrics: Hashable, Sendable {
    /// Why a reader is no more, as the hub sees it.
    public enum CloseCause: Hashable, Sendable {
        /// Its logs have ended and it got their last events.
        case ended
        /// The server closed it and said so.
        case closing(ClosingReason)
        /// The output reported that it is gone.
        case gone
    }

    /// Readers now.
    public internal(set) var open = 0
    /// Readers whose output is pending, now.
    public internal(set) var lagging = 0
    /// Logs that are held in memory, now.
    public internal(set) var logs = 0
    /// Bytes of recent events that are held, with overhead, now.
    public internal(set) var recentBytes = 0
    /// Times that a log's recent events outgrew their bound, and that a log lost them to the bound of all logs.
    public internal(set) var shrunkLogs: UInt64 = 0
    public internal(set) var displacedLogs: UInt64 = 0
    /// Questions to the store that wait or are under way, now.
    public internal(set) var pageRequests = 0
    public internal(set) var opened: UInt64 = 0
    public internal(set) var closed: [CloseCause: UInt64] = [:]
    /// Events encoded as they were committed, each once.
    public internal(set) var events: UInt64 = 0
    public internal(set) var eventBytes: UInt64 = 0
    /// Events given to readers' outputs: an event counts once per reader.
    public internal(set) var deliveries: UInt64 = 0
    public internal(set) var deliveredBytes: UInt64 = 0
    /// Payloads given to readers' outputs.
    public internal(set) var sends: UInt64 = 0
    /// `progress` events that lagging readers did not get.
    public internal(set) var conflated: UInt64 = 0
    /// `gap` events.
    public internal(set) var gaps: UInt64 = 0
    public internal(set) var heartbeats: UInt64 = 0
    public internal(set) var pagesRead: UInt64 = 0
    public internal(set) var storeFaults: UInt64 = 0

    init() {}
}
