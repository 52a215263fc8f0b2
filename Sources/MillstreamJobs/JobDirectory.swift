// What the loop knows of the jobs: all live ones and some that ended, as of the last commit it was told of. Loop thread only. It
// decides nothing and reads no store; a job that it does not hold may still be in the store.

import MillstreamJSON
import MillstreamJournal

/// The read model of jobs. Not `Sendable`: created and used on the loop thread.
public final class JobDirectory {
    /// Ended jobs held at most; which ones is decided by their last use.
    public let maxEndedJobs: Int
    /// Longer results are left to the store, as are inputs beyond those of live jobs in the ledger.
    public static let maxHeldResultBytes = 16_384

    // No run-time checks of exclusive access on what each notice touches.
    @exclusivity(unchecked) private var byID = ObjectTable<DirectoryEntry.ByID>()
    @exclusivity(unchecked) private var byRef = ObjectTable<DirectoryEntry.ByRef>()
    @exclusivity(unchecked) private var ended = RecencyList()
    @exclusivity(unchecked) private var queues: [String: ReadyQueue] = [:]
    /// Queued jobs of all kinds by arrival.
    @exclusivity(unchecked) private var arrivals = ReadyQueue()
    private var gone = RecentRefs(capacity: 4096)
    @exclusivity(unchecked) private var census = JobCensus()

    /// - Parameter maxEndedJobs: how many ended jobs are held for snapshots, 0 or more.
    public init(maxEndedJobs: Int = 10_000) {
        self.maxEndedJobs = max(0, maxEndedJobs)
    }

    // MARK: Told by the journal lane

    /// Takes in one notice of a commit; in the order of the commits.
    public func apply(_ notice: CommitNotice) {
        switch notice {
        case .job(let record), .refreshed(let record): put(record, isNews: true)
        case .events(.job, let ref, _, let events):
            if let last = events.last { noteEvents(of: ref, through: last.sequence) }
        case .progress(_, let ref, let progress): byRef[ref]?.record.progress = progress
        case .trimmed(.job, let ref, let through):
            guard let entry = byRef[ref] else { return }
            entry.record.trimmedThrough = max(entry.record.trimmedThrough, through)
        case .removed(.job, let ref):
            gone.insert(ref)
            if let entry = byRef[ref] { drop(entry) }
        case .events(.channel, _, _, _), .trimmed(.channel, _, _), .removed(.channel, _): break
        }
    }

    /// The log of this job has events up to this one: what a notice of events says.
    public func noteEvents(of ref: LogRef, through last: Int64) {
        guard let entry = byRef[ref] else { return }
        entry.record.lastSequence = max(entry.record.lastSequence, last)
    }

    /// Brings a record that was read from the store and what is known here together.
    ///
    /// - Returns: the newer of the two; for an answer. The texts of the store's record are kept in it. The progress of an attempt that runs is
    ///   the one known here: the store's record has that of its last change of state, and events move it without one.
    /// A live record that is not known here is returned as it is and not held: all live jobs come by notices, and this one may
    /// have ended since it was read.
    public func merge(_ stored: JobRecord) -> JobRecord {
        guard let entry = byRef[stored.ref] else {
            if stored.state.isTerminal, byID[stored.id] == nil, !gone.contains(stored.ref) {
                put(stored, isNews: false)
            }
            return stored
        }
        if stored.revision > entry.record.revision {
            var news = stored
            if !news.state.isTerminal, news.attempt == entry.record.attempt { news.progress = entry.record.progress }
            put(news, isNews: true)
        }
        var newest = entry.record
        if newest.input.text == nil { newest.input = stored.input }
        if let result = newest.result, result.text == nil, result.byteCount == stored.result?.byteCount {
            newest.result = stored.result
        }
        if newest.state.isTerminal { ended.use(entry) }
        return newest
    }

    // MARK: Asked by routes

    /// The present run under that id, live or recently ended. Its input and result texts may have been left to the store.
    public func job(_ id: JobID) -> JobRecord? { used(byID[id]) }

    /// The run with that log.
    public func job(ref: LogRef) -> JobRecord? { used(byRef[ref]) }

    /// 1 for the next of its kind to start; nil for a job that is not queued. O(log n).
    public func queuePosition(of id: JobID) -> Int? {
        guard let entry = byID[id], let key = entry.queueKey else { return nil }
        return queues[entry.record.kind]?.position(of: key)
    }

    /// The entity tag of a snapshot: another one after every change of the record or its log; moves in the queue do not count,
    /// hence weak.
    public static func entityTag(_ record: JobRecord) -> String {
        // Digit by digit: interpolated it took a sixth of all that a reply's text takes.
        String(unsafeUninitializedCapacity: 3 * 20 + 6) { buffer in
            var text = TagText(buffer: buffer)
            text.put("W/\"")
            text.put(record.ref.number)
            text.put("-")
            text.put(record.revision)
            text.put("-")
            text.put(record.lastSequence)
            text.put("\"")
            return text.count
        }
    }

    private struct TagText {
        var buffer: UnsafeMutableBufferPointer<UInt8>
        var count = 0

        mutating func put(_ words: StaticString) {
            for at in 0..<words.utf8CodeUnitCount { buffer[count + at] = words.utf8Start[at] }
            count += words.utf8CodeUnitCount
        }

        /// 0 or more.
        mutating func put(_ number: Int64) {
            let start = count
            var rest = number.magnitude
            repeat {
                buffer[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
                count += 1
            } while rest > 0
            buffer[start..<count].reverse()
        }
    }

    // MARK: Asked by metrics

    /// Live jobs of each kind by state, and how many ended in which state since the start.
    public var counts: JobCensus { census }
    public var liveJobCount: Int { byID.count - ended.count }
    public var heldEndedJobCount: Int { ended.count }
    public var queuedJobCount: Int { arrivals.count }

    /// When the job that has been in a queue longest was created or became due; nil while no job is queued.
    public var oldestQueuedSince: Timestamp? {
        guard let ref = arrivals.first, let record = byRef[ref]?.record else { return nil }
        return record.runAt.map { max($0, record.createdAt) } ?? record.createdAt
    }

    // MARK: Tables

    private func used(_ entry: DirectoryEntry?) -> JobRecord? {
        guard let entry else { return nil }
        if entry.record.state.isTerminal { ended.use(entry) }
        return entry.record
    }

    /// - Parameter isNews: whether it happened now; false for a job that ended some time ago.
    private func put(_ record: JobRecord, isNews: Bool) {
        var record = record
        if record.input.byteCount > LedgerLimits.maxHeldInputBytes {
            record.input = record.input.held(upTo: LedgerLimits.maxHeldInputBytes)
        }
        if let result = record.result, result.byteCount > Self.maxHeldResultBytes {
            record.result = result.held(upTo: Self.maxHeldResultBytes)
        }
        if let entry = byRef[record.ref] {
            guard record.revision >= entry.record.revision else { return }
            leaveQueues(entry)
            census.move(record.kind, from: entry.record.state, to: record.state)
            record.lastSequence = max(record.lastSequence, entry.record.lastSequence)
            record.trimmedThrough = max(record.trimmedThrough, entry.record.trimmedThrough)
            entry.record = record
            file(entry)
        } else {
            if let earlier = byID[record.id] { drop(earlier) }
            let entry = DirectoryEntry(record)
            byRef[record.ref] = entry
            byID[record.id] = entry
            if isNews { census.move(record.kind, from: nil, to: record.state) }
            file(entry)
        }
    }

    private func file(_ entry: DirectoryEntry) {
        if let key = entry.queueKey {
            queues[entry.record.kind, default: ReadyQueue()].insert(entry.ref, at: key)
            arrivals.insert(entry.ref, at: QueueKey(priority: 0, order: key.order))
        }
        guard entry.record.state.isTerminal else { return }
        ended.use(entry)
        while ended.count > maxEndedJobs, let oldest = ended.oldest { drop(oldest) }
    }

    private func leaveQueues(_ entry: DirectoryEntry) {
        guard let key = entry.queueKey else { return }
        queues[entry.record.kind]?.remove(key)
        arrivals.remove(QueueKey(priority: 0, order: key.order))
    }

    private func drop(_ entry: DirectoryEntry) {
        leaveQueues(entry)
        ended.remove(entry)
        if !entry.record.state.isTerminal { census.forget(entry.record.kind, entry.record.state) }
        byRef[entry.ref] = nil
        if byID[entry.record.id] === entry { byID[entry.record.id] = nil }
    }
}
