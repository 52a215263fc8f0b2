import MillstreamJobs
import MillstreamJournal

// What came of one batch that was applied and, where it changed anything, stored: the loop is told of it in one report. A value of the
// lane's thread.

struct StoredBatch {
    var replies: [LaneAnswer] = []
    var outcome = LedgerOutcome()
    /// Until it was on the disk; 0 when there was nothing to store.
    var commitNs: UInt64 = 0

    var wasStored: Bool { !outcome.mutations.isEmpty }

    /// - Parameter entries: those of the batch, in their order.
    func report(on entries: [LaneEntry]) -> LaneReport {
        var report = LaneReport()
        report.replies = replies
        report.notices = outcome.notices
        report.removedUploads = outcome.removedUploads
        report.reached = outcome.reached
        report.emittedAtNs.reserveCapacity(entries.count)
        // By index: an entry that is handed out is retained, with all that its command holds.
        for index in entries.indices {
            for _ in 0..<entries[index].eventCount { report.emittedAtNs.append(entries[index].emittedAtNs) }
        }
        report.measures.commands = entries.count
        report.measures.mutations = outcome.mutations.count
        report.measures.commitNs = commitNs
        return report
    }
}
