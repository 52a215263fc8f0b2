// What the present batch has done that the store cannot answer for yet. Journal lane only; empty between batches.

import MillstreamJournal

struct BatchMemory {
    struct PublicationKey: Hashable {
        let ref: LogRef
        let publication: Publication
    }

    /// Runs that ended in this batch, by id: the last run of each.
    var ended: [JobID: JobRecord] = [:]
    var idempotency: [String: IdempotencyRecord] = [:]
    var publications: [PublicationKey: Int64] = [:]
    var messages: [LogRef: [MessageRecord]] = [:]
    var uploads: Set<String> = []
    var usedUploads: Set<String> = []
    var removedUploads: Set<String> = []
    /// Logs of ended runs that this batch removes: by a new run under the name, or by retention.
    var goneLogs: Set<LogRef> = []
    /// Ended jobs whose logs this batch trims: the store's records of them are old.
    var trimmedEnded: Set<LogRef> = []
    /// What trims may still take that nothing of this batch pays for: as many bytes of data, an event counted as some.
    var spareTrimWeight: Int64 = 4 << 20
    var removedChannels: Set<String> = []
    /// Jobs whose whole input is held until the store has it.
    var fresh: ContiguousArray<LedgerEntry> = []
    var hasSwept = false

    /// Begins another batch. What grows with each ended job keeps its memory, within bounds.
    mutating func clear() {
        var (ended, fresh) = (ended, fresh)
        self = BatchMemory()
        ended.removeAll(keepingCapacity: ended.count <= Self.maxKept)
        fresh.removeAll(keepingCapacity: fresh.count <= Self.maxKept)
        self.ended = ended
        self.fresh = fresh
    }

    private static let maxKept = 256
}
