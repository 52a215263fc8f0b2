// Stores jobs that were just made, several in one statement: each run of a statement opens the table and its five indices anew and
// looks for the place in each from the root, which for jobs that follow one another is the same place. What a new job cannot have
// (a result, an error, events) is not bound but stands in the statement. Part of BatchWriter; inside its transaction.

import MillstreamJSON
import MillstreamJournal

final class NewJobs {
    /// What became of the jobs at the begin of what is left of a batch.
    enum Outcome {
        case stored(count: Int)
        /// So many of the attempt's were stored; the name of the next one has a run already, and more of them may have one.
        case taken(stored: Int, of: Int)
        /// The first is none, or has gone on since it was made.
        case notNew
    }

    private struct Group {
        let count: Int
        let jobs: Statement
    }

    /// The largest first, one row last.
    private var groups: [Group] = []
    private let scratch = BindScratch(byteCount: 16 << 10)
    private let putInput: Statement
    private let connection: Connection

    init(_ connection: Connection) throws(JournalError) {
        self.connection = connection
        for count in [16, 8, 4, 2, 1] {
            groups.append(Group(count: count, jobs: try connection.statement(JobRow.insertNew(count: count))))
        }
        putInput = try connection.statement(JobRow.insertInput)
    }

    /// Stores as many as one statement takes.
    func insert(_ batch: ArraySlice<JournalMutation>) throws(JournalError) -> Outcome {
        var count = 0
        for mutation in batch.prefix(groups[0].count) {
            guard case .insertJob(let job) = mutation, Self.isNew(job) else { break }
            count += 1
        }
        guard let group = groups.first(where: { $0.count <= count }) else { return .notNew }
        return try insert(batch.prefix(group.count), group)
    }

    private func insert(_ batch: ArraySlice<JournalMutation>, _ group: Group) throws(JournalError) -> Outcome {
        scratch.clear()
        var first: Int32 = 1
        var hasLongInputs = false
        for case .insertJob(let job) in batch {
            JobRow.bindNew(job, group.jobs, first, scratch)
            if job.input.byteCount > JobRow.maxInlineInputBytes { hasLongInputs = true }
            first += JobRow.newColumns
        }
        let isStored = try group.jobs.runUnlessTaken()
        let stored = isStored ? group.count : Int(connection.changes)
        if hasLongInputs { try storeLongInputs(of: batch.prefix(stored)) }
        return isStored ? .stored(count: stored) : .taken(stored: stored, of: group.count)
    }

    private func storeLongInputs(of batch: ArraySlice<JournalMutation>) throws(JournalError) {
        for case .insertJob(let job) in batch {
            guard let text = job.input.text, text.bytes.count > JobRow.maxInlineInputBytes else { continue }
            putInput.bind(1, job.ref)
            try putInput.run(binding: 2, text.bytes)
        }
    }

    private static func isNew(_ job: JobRecord) -> Bool {
        !job.state.isTerminal && job.lastSequence == 0 && job.trimmedThrough == 0 && job.logBytes == 0
            && job.progress == nil && job.finishedAt == nil && !job.cancelRequested && job.messageCount == 0
            && job.workerSequence == 0 && job.processGroup == nil && job.result == nil && job.error == nil
    }
}

/// Where bytes lie until a statement has run that was bound to them: one piece of memory for all its rows, because SQLite's own
/// copies are an allocation each.
final class BindScratch {
    private let room: UnsafeMutableRawBufferPointer
    private var used = 0

    init(byteCount: Int) {
        room = .allocate(byteCount: byteCount, alignment: 16)
    }

    deinit {
        room.deallocate()
    }

    /// What was kept is gone: whatever was bound to it is bound anew before it runs.
    func clear() {
        used = 0
    }

    /// A copy, good until `clear`; nil when there is no room for it.
    func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
        guard bytes.count <= room.count - used, let base = room.baseAddress else { return nil }
        let place = base + used
        if let start = bytes.baseAddress { place.copyMemory(from: start, byteCount: bytes.count) }
        used += bytes.count
        return UnsafeRawPointer(place)
    }
}
