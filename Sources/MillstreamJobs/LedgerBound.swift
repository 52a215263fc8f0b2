// The bounds of the ledger by name, for whoever counts how often each was reached. A value.

/// One bound of ``LedgerLimits`` or ``RetentionPolicy``.
public enum LedgerBound: Sendable, Hashable, CaseIterable {
    /// The caller is refused; a worker's event to one channel too many is dropped.
    case queuedJobs, eventBytes, channels, messagesPerJob
    /// The oldest events of a log go.
    case eventsPerLog, bytesPerLog, eventAge
    /// A job or channel goes with its log, or an upload with its file.
    case endedJobAge, endedJobs, channelIdle, uploadIdle
}
