// Applies mutations to the tables, inside the transaction of the store that owns it. Keeps the statements that each batch needs,
// and the row about the store as the batch leaves it. Decides nothing but how rows that go are removed.

import MillstreamJSON
import MillstreamJournal

final class BatchWriter {
    /// What the present transaction makes of the row about the store; `SQLiteStore` stores it, and puts it back after a fault.
    var state: StoreState
    /// Rows that this batch may delete itself although it adds fewer events; larger logs are left to `LogRemoval`.
    private var rowsToDelete = 0
    /// Rows that may be deleted for the events that were added: two for each, so that no load leaves more behind than it takes away.
    /// What a batch does not use of them is the next one's, while something is left.
    private var rowsPaid = 0
    /// Whether removals may be left.
    private var mayHaveLeft = true
    /// Idempotency keys from before this time were more than the last batch could delete.
    private(set) var expiryLeft: Timestamp?
    private let removal: LogRemoval

    private let newJobs: NewJobs
    private let newEvents: NewEvents
    private let uploads: UploadRows
    private let insertJob: Statement
    private let updateJob: Statement
    private let updateJobInState: Statement
    private let putInput: Statement
    private let putResult: Statement
    private let appendMessage: Statement
    private let updateChannel: Statement
    private let insertChannel: Statement
    private let connection: Connection

    /// Rows of 64 KB take about 25 us each to delete.
    private static let maxRowsDeletedPerBatch = 1000
    /// Fewer rows of what earlier batches left are not worth a statement.
    private static let minRowsOfLeft = 256

    init(_ connection: Connection, state: StoreState) throws(JournalError) {
        self.connection = connection
        self.state = state
        removal = LogRemoval(connection)
        newJobs = try NewJobs(connection)
        newEvents = try NewEvents(connection)
        uploads = UploadRows(connection)
        insertJob = try connection.statement(JobRow.insert)
        updateJob = try connection.statement(JobRow.update)
        updateJobInState = try connection.statement(JobRow.updateInState)
        putInput = try connection.statement(JobRow.insertInput)
        putResult = try connection.statement("REPLACE INTO results (ref, body) VALUES (?1, ?2)")
        appendMessage = try connection.statement(
            "INSERT INTO messages (ref, number, body, time) VALUES (?1, ?2, ?3, ?4)")
        updateChannel = try connection.statement(
            "UPDATE channels SET last_seq = ?2, trimmed_through = ?3, log_bytes = ?4 WHERE ref = ?1")
        insertChannel = try connection.statement(
            """
            INSERT INTO channels (ref, last_seq, trimmed_through, log_bytes, name, epoch, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """)
    }

    /// Events are stored in their order, but behind jobs and heads that stand after them: those lie in other tables, and the event of
    /// each job's end would leave only short rows of events to be stored together.
    func apply(_ batch: [JournalMutation]) throws(JournalError) {
        rowsToDelete = Self.maxRowsDeletedPerBatch
        // More is there only of a batch that was taken back.
        rowsPaid = min(rowsPaid, Self.minRowsOfLeft)
        expiryLeft = nil
        newEvents.forget()
        var index = 0
        while index < batch.count {
            // By index and pattern: an element that is handed out is retained.
            switch batch[index] {
            case .append:
                newEvents.wait(index)
                if newEvents.areFull { try storeWaitingEvents(batch) }
                index += 1
            case .insertJob:
                index += try insertJobs(batch, from: index)
            case .updateJob(let job):
                try update(job)
                index += 1
            case .putChannel(let channel):
                try put(channel)
                index += 1
            default:
                // Most of the others are about the log of an event that may wait.
                try storeWaitingEvents(batch)
                try apply(batch[index])
                index += 1
            }
        }
        try storeWaitingEvents(batch)
        try removeLeft()
    }

    private func apply(_ mutation: JournalMutation) throws(JournalError) {
        switch mutation {
        case .insertJob(let job): try insert(job)
        case .updateJob(let job): try update(job)
        case .putChannel(let channel): try put(channel)
        case .append: break  // Waits, and is stored with others.
        case .appendMessage(let ref, let message): try append(message, to: ref)
        case .putIdempotency(let record): try put(record)
        case .putUpload(let upload): try uploads.put(upload)
        case .removeUpload(let id): try uploads.remove(id)
        case .useUpload(let id, let ref): try uploads.use(id, by: ref)
        case .trim(let ref, let sequence): try remove(ref, through: sequence)
        case .removeJob(let ref): try removeJob(ref)
        case .removeChannel(let ref): try removeChannel(ref)
        case .expireIdempotency(let time): try expireIdempotency(before: time)
        }
    }

    // MARK: Jobs and logs

    /// The jobs at the begin of what is left of a batch, as many as go together; returns how many.
    private func insertJobs(_ batch: [JournalMutation], from start: Int) throws(JournalError) -> Int {
        let rest = batch[start...]
        switch try newJobs.insert(rest) {
        case .stored(let count):
            for case .insertJob(let job) in rest.prefix(count) { didInsert(job) }
            return count
        case .taken(let stored, let count):
            for case .insertJob(let job) in rest.prefix(stored) { didInsert(job) }
            // The run before the next one goes, with its events.
            try storeWaitingEvents(batch)
            // Names come again together: the rest goes one by one, or each of them would cost a statement of many rows that fails.
            for mutation in rest.prefix(count).dropFirst(stored) { try apply(mutation) }
            return count
        case .notNew:
            try storeWaitingEvents(batch)
            for mutation in rest.prefix(1) { try apply(mutation) }
            return 1
        }
    }

    private func insert(_ job: JobRecord) throws(JournalError) {
        JobRow.bindMutable(job, insertJob)
        JobRow.bindConstant(job, insertJob)
        // Most names are new: it costs less to be told of an earlier run than to look for one.
        if try !insertJob.runUnlessTaken() {
            if let earlier = try refOfJob(job.id) { try removeJob(earlier) }
            try insertJob.run()
        }
        if let text = job.input.text, text.bytes.count > JobRow.maxInlineInputBytes {
            putInput.bind(1, job.ref)
            try putInput.run(binding: 2, text.bytes)
        }
        try storeResult(job)
        didInsert(job)
    }

    private func didInsert(_ job: JobRecord) {
        state.jobs += 1
        state.highestRef = max(state.highestRef, job.ref.number)
        state.highestQueueOrder = max(state.highestQueueOrder, job.queueOrder)
    }

    private func update(_ job: JobRecord) throws(JournalError) {
        // Whoever ends has another state than before. (An ended job whose log is trimmed has not, and pays for its indexes here: that
        // is a few a sweep.)
        var isStored = false
        if !job.state.isTerminal {
            JobRow.bindMutable(job, updateJobInState)
            try updateJobInState.run()
            isStored = connection.changes > 0
        }
        if !isStored {
            JobRow.bindMutable(job, updateJob)
            try updateJob.run()
            guard connection.changes > 0 else { return }
        }
        try storeResult(job)
        state.highestQueueOrder = max(state.highestQueueOrder, job.queueOrder)
    }

    private func storeResult(_ job: JobRecord) throws(JournalError) {
        guard let text = job.result?.text else { return }
        putResult.bind(1, job.ref)
        try putResult.run(binding: 2, text.bytes)
    }

    private func storeWaitingEvents(_ batch: [JournalMutation]) throws(JournalError) {
        let added = try newEvents.store(batch)
        state.didAddEvents(added)
        rowsPaid += 2 * Int(added)
    }

    private func append(_ message: MessageRecord, to ref: LogRef) throws(JournalError) {
        appendMessage.bind(1, ref)
        appendMessage.bind(2, Int64(message.number))
        appendMessage.bind(4, message.time)
        try appendMessage.run(binding: 3, message.body.bytes)
    }

    private func put(_ channel: ChannelRecord) throws(JournalError) {
        bindHead(of: channel, updateChannel)
        try updateChannel.run()
        guard connection.changes == 0 else { return }
        bindHead(of: channel, insertChannel)
        insertChannel.bind(5, channel.name)
        insertChannel.bind(6, channel.epoch.text)
        insertChannel.bind(7, channel.createdAt)
        try insertChannel.run()
        state.channels += 1
        state.highestRef = max(state.highestRef, channel.ref.number)
    }

    private func bindHead(of channel: ChannelRecord, _ row: Statement) {
        row.bind(1, channel.ref)
        row.bind(2, channel.lastSequence)
        row.bind(3, channel.trimmedThrough)
        row.bind(4, channel.logBytes)
    }

    // MARK: What goes

    private func removeJob(_ ref: LogRef) throws(JournalError) {
        guard try run("DELETE FROM jobs WHERE ref = ?1", ref) > 0 else { return }
        state.jobs -= 1
        try uploads.release(of: ref)
        try run("DELETE FROM idempotency WHERE ref = ?1", ref)
        try remove(ref, through: SQLiteReader.wholeLog)
    }

    private func removeChannel(_ ref: LogRef) throws(JournalError) {
        guard try run("DELETE FROM channels WHERE ref = ?1", ref) > 0 else { return }
        state.channels -= 1
        try remove(ref, through: SQLiteReader.wholeLog)
    }

    private func remove(_ ref: LogRef, through sequence: Int64) throws(JournalError) {
        let piece = try removal.deletePiece(of: ref, through: sequence, maxRows: max(rowsToDelete, rowsPaid))
        rowsToDelete -= min(rowsToDelete, piece.rows)
        rowsPaid -= min(rowsPaid, piece.rows)
        state.didRemoveEvents(piece.events)
        guard !piece.isLast else { return }
        try removal.leave(ref, through: sequence)
        mayHaveLeft = true
    }

    /// Deletes of what earlier batches left. That is maintenance's, but it comes rarely under a load that never pauses.
    private func removeLeft() throws(JournalError) {
        if mayHaveLeft, rowsPaid >= Self.minRowsOfLeft {
            let piece = try removal.deleteLeft(maxRows: rowsPaid)
            rowsPaid -= min(rowsPaid, piece.rows)
            state.didRemoveEvents(piece.events)
            mayHaveLeft = !piece.isLast
        }
        if !mayHaveLeft { rowsPaid = 0 }
    }

    /// At most as many as one batch may delete; `maintain` takes the rest.
    private func expireIdempotency(before time: Timestamp) throws(JournalError) {
        let deleted = try IdempotencyExpiry.deletePiece(connection, before: time, maxRows: rowsToDelete)
        if deleted == rowsToDelete { expiryLeft = time }
        rowsToDelete -= deleted
    }

    // MARK: Keys

    private func put(_ record: IdempotencyRecord) throws(JournalError) {
        let row = try connection.statement(
            "REPLACE INTO idempotency (key, fingerprint, job, ref, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")
        row.bind(1, record.key)
        row.bind(2, copying: record.fingerprint.stored)
        row.bind(3, record.job.text)
        row.bind(4, record.ref)
        row.bind(5, record.createdAt)
        try row.run()
    }

    // MARK: Small queries

    @discardableResult
    private func run(_ sql: String, _ ref: LogRef) throws(JournalError) -> Int64 {
        let row = try connection.statement(sql)
        row.bind(1, ref)
        try row.run()
        return connection.changes
    }

    private func refOfJob(_ id: JobID) throws(JournalError) -> LogRef? {
        let row = try connection.statement("SELECT ref FROM jobs WHERE id = ?1")
        row.bind(1, id.text)
        return try row.first { row.ref(0) }
    }
}
