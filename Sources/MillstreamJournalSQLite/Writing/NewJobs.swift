// Stores jobs that were just made, several in one statement: each run of a statement opens the table and its five indices anew and
// looks for the place in each from the root, which for jobs that follow one another is the same place. What a new job cannot have
// (a result, an error, events) is not bound but stands in the statement. Part of BatchWriter; inside its transaction.

import MillstreamJSON
import MillstreamJournal

final class NewJobs {
    /// What became of the jobs at the begin of what is left of a batch.
    enum Outcome {
        case stored(count: Int)
        /// A name among them has a run already: nothing was stored, and so many have to be stored one by one.
        case taken(count: Int)
        /// The first is none, or has gone on since it was made.
        case notNew
    }

    private struct Group {
        let count: Int
        let jobs: Statement
        let inputs: Statement
    }

    /// The largest first, one row last.
    private var groups: [Group] = []
    private let scratch = BindScratch(byteCount: 16 << 10)

    /// Longer ones are not worth a copy.
    private static let maxInputBytes = 1024

    init(_ connection: Connection) throws(JournalError) {
        for count in [16, 4, 1] {
            groups.append(
                Group(
                    count: count, jobs: try connection.statement(JobRow.insertNew(count: count)),
                    inputs: try connection.statement(
                        "INSERT OR FAIL INTO inputs (ref, body) VALUES "
                            + [String](repeating: "(?, ?)", count: count).joined(separator: ", "))))
        }
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
        var firstInput: Int32 = 1
        for case .insertJob(let job) in batch {
            JobRow.bindNew(job, group.jobs, first, scratch)
            group.inputs.bind(firstInput, job.ref)
            group.inputs.bind(firstInput + 1, job.input.text?.bytes ?? [], keptBy: scratch)
            first += JobRow.newColumns
            firstInput += 2
        }
        guard try group.jobs.runUnlessTaken() else { return .taken(count: group.count) }
        try group.inputs.run()
        return .stored(count: group.count)
    }

    private static func isNew(_ job: JobRecord) -> Bool {
        guard let input = job.input.text, input.bytes.count <= maxInputBytes else { return false }
        return !job.state.isTerminal && job.lastSequence == 0 && job.trimmedThrough == 0 && job.logBytes == 0
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
