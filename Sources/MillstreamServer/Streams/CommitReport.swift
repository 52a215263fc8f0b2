// What one commit tells the loop, with the text of its events. Made on the journal's thread and handed over whole; when the loop is done
// with it, it goes back there, so that what was allocated on that thread is freed on it and not among the sends.

import MillstreamJobs
import MillstreamRuntime
import MillstreamStreams

/// A lane's report on its way to the loop and back. Immutable.
public final class CommitReport: Sendable {
    let report: LaneReport
    /// Of the notices that bring events, in the same order.
    let texts: CommitTexts
    /// When the oldest emission of the commit was made; nil: there is none.
    let emittedAtNs: UInt64?

    /// Larger reports are freed where they are: the journal may be idle for seconds and would hold them that long.
    private static let maxReturnedBytes = 64 << 10
    private static let maxReservedLogs = 128

    var isWorthReturning: Bool { texts.byteCount <= Self.maxReturnedBytes }

    /// Writes the events as text. For the lane's thread.
    public init(_ report: LaneReport) {
        self.report = report
        emittedAtNs = report.emittedAtNs.min()
        var texts = CommitTexts()
        report.notices.withUnsafeBufferPointer { notices in
            let firstEvents = notices.firstIndex { $0.bringsEvents }
            guard let firstEvents else { return }
            texts.reserve(logs: min(notices.count, Self.maxReservedLogs))
            for index in firstEvents..<notices.count {
                guard case .events(let name, let ref, let epoch, let events) = notices[index] else { continue }
                texts.append(name, ref, epoch, events)
            }
        }
        self.texts = texts
    }
}
