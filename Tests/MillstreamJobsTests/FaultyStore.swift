// A memory store whose commits and reads fail when a test says so, and which records what was committed.

import MillstreamJournal
import MillstreamTestSupport

final class FaultyStore: InterceptedStore {
    var failsCommits = false
    /// Reads until the next one fails; nil for never.
    var readsUntilFault: Int?
    private(set) var lastBatch: [JournalMutation] = []

    override func willRead() throws(JournalError) {
        guard let left = readsUntilFault else { return }
        guard left > 0 else { throw JournalError(.io, "told to fail") }
        readsUntilFault = left - 1
    }

    override func commit(_ batch: [JournalMutation]) throws(JournalError) {
        if failsCommits { throw JournalError(.full, "told to fail") }
        try super.commit(batch)
        lastBatch = batch
    }

    override func maintain(isIdle: Bool) throws(JournalError) -> Bool { false }
}
