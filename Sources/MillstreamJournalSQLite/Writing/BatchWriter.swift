// Applies mutations to the tables, inside the transaction of the store that owns it. Keeps the statements that each batch needs,
// and the row about the store as the batch leaves it. Decides nothing but how rows that go are removed.

import MillstreamJSON
import MillstreamJournal

final class BatchWriter {
    /// What the present transaction makes of the row about the store; `SQLiteStore` stores it, and puts it back after a fault.
    var state: StoreState
    /// Rows that this batch may still delete itself; larger logs are left to `LogRemoval`.
    private var rowsToDelete = 0
    /// Idempotency keys from before this time were more than the last batch could delete.
    private(set) var expiryLeft: Timestamp?
    private let removal: LogRemoval
    /// Places in the present batch, of events that are not stored yet; up to `rowsAtOnce`.
    private var waitingEvents: [Int] = []

    private let newJobs: NewJobs
    private let insertJob: Statement
    private let updateJob: Statement
    private let updateJobInState: Statement
    private let appendEvent: Statement
    /// The same for `rowsAtOnce` events: opens the tables once for all of them.
    private let appendEvents: Statement
    private let putInput: Statement
    private let putResult: Statement
    private let appendPublication: Statement
    private let appendMessage: Statement
    private let updateChannel: Statement
    private let insertChannel: Statement
    private let connection: Connection

    /// Of events in one statement: each run of a statement opens the table and its index anew. Sixteen at once took a third off the
    /// lane's time for an event.
    private static let rowsAtOnce = 16
    /// Rows of 64 KB take about 25 us each to delete.
    private static let maxRowsDeletedPerBatch = 1000

    init(_ connection: Connection, state: StoreState) throws(JournalError) {
        self.connection = connection
        self.state = state
        removal = LogRemoval(connection)
        newJobs = try NewJobs(connection)
        insertJob = try connection.statement(JobRow.insert)
        updateJob = try connection.statement(JobRow.update)
        updateJobInState = try connection.statement(JobRow.updateInState)
        appendEvent = try connection.statement(
            "INSERT INTO events (ref, seq, name, data, time) VALUES (?1, ?2, ?3, ?4, ?5)")
        appendEvents = try connection.statement(
            // FAIL: the store rolls the whole batch back anyway. With the usual ABORT the statement alone could be taken back, for which
            // SQLite copies each page that it touches.
            "INSERT OR FAIL INTO events (ref, seq, name, data, time) VALUES "
                + [String](repeating: "(?, ?, ?, ?, ?)", count: Self.rowsAtOnce).joined(separator: ", "))
        putInput = try connection.statement("INSERT INTO inputs (ref, body) VALUES (?1, ?2)")
        putResult = try connection.statement("REPLACE INTO results (ref, body) VALUES (?1, ?2)")
        appendPublication = try connection.statement(
            "INSERT INTO publications (ref, attempt, sequence, seq) VALUES (?1, ?2, ?3, ?4)")
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
        expiryLeft = nil
        waitingEvents.removeAll(keepingCapacity: true)
        var index = 0
        while index < batch.count {
            // By index and pattern: an element that is handed out is retained.
            switch batch[index] {
            case .append:
                waitingEvents.append(index)
                if waitingEvents.count == Self.rowsAtOnce { try storeWaitingEvents(batch) }
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
    }

    private func apply(_ mutation: JournalMutation) throws(JournalError) {
        switch mutation {
        case .insertJob(let job): try insert(job)
        case .updateJob(let job): try update(job)
        case .putChannel(let channel): try put(channel)
        case .append(let ref, let event, let publication): try append(event, to: ref, as: publication)
        case .appendMessage(let ref, let message): try append(message, to: ref)
        case .putIdempotency(let record): try put(record)
        case .putUpload(let upload): try put(upload)
        case .removeUpload(let id): try removeUpload(id)
        case .useUpload(let id, let ref): try useUpload(id, by: ref)
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
        case .taken(let count):
            // The run before one of them goes, with its events.
            try storeWaitingEvents(batch)
            for mutation in rest.prefix(count) { try apply(mutation) }
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
        if let text = job.input.text {
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

    private func append(
        _ event: EventRecord, to ref: LogRef, as publication: Publication?
    ) throws(JournalError) {
        appendEvent.bind(1, ref)
        appendEvent.bind(2, event.sequence)
        appendEvent.bind(5, event.time)
        try appendEvent.run(binding: 3, event.name, 4, event.data.bytes)
        state.events += 1
        if let publication { try put(publication, of: event, in: ref) }
    }

    private func storeWaitingEvents(_ batch: [JournalMutation]) throws(JournalError) {
        if waitingEvents.count == Self.rowsAtOnce {
            try storeTogether(batch)
        } else {
            for index in waitingEvents { try apply(batch[index]) }
        }
        waitingEvents.removeAll(keepingCapacity: true)
    }

    private func storeTogether(_ batch: [JournalMutation]) throws(JournalError) {
        try appendEvents.run(pinning: waitingEvents.indices, columns: 5) { row, column in
            guard case .append(let ref, let event, _) = batch[waitingEvents[row]] else { return nil }
            appendEvents.bind(column, ref)
            appendEvents.bind(column + 1, event.sequence)
            appendEvents.bind(column + 4, event.time)
            return (column + 2, event.name, column + 3, event.data.bytes)
        }
        state.events += Int64(waitingEvents.count)
        for index in waitingEvents {
            guard case .append(let ref, let event, .some(let publication)) = batch[index] else { continue }
            try put(publication, of: event, in: ref)
        }
    }

    private func put(_ publication: Publication, of event: EventRecord, in ref: LogRef) throws(JournalError) {
        appendPublication.bind(1, ref)
        appendPublication.bind(2, Int64(publication.attempt))
        appendPublication.bind(3, publication.sequence)
        appendPublication.bind(4, event.sequence)
        try appendPublication.run()
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
        try releaseUploads(of: ref)
        try run("DELETE FROM idempotency WHERE ref = ?1", ref)
        try remove(ref, through: SQLiteReader.wholeLog)
    }

    private func removeChannel(_ ref: LogRef) throws(JournalError) {
        guard try run("DELETE FROM channels WHERE ref = ?1", ref) > 0 else { return }
        state.channels -= 1
        try remove(ref, through: SQLiteReader.wholeLog)
    }

    private func remove(_ ref: LogRef, through sequence: Int64) throws(JournalError) {
        let piece = try removal.deletePiece(of: ref, through: sequence, maxRows: rowsToDelete)
        rowsToDelete -= piece.rows
        state.events -= piece.events
        if !piece.isLast { try removal.leave(ref, through: sequence) }
    }

    /// At most as many as one batch may delete; `maintain` takes the rest.
    private func expireIdempotency(before time: Timestamp) throws(JournalError) {
        let deleted = try IdempotencyExpiry.deletePiece(connection, before: time, maxRows: rowsToDelete)
        if deleted == rowsToDelete { expiryLeft = time }
        rowsToDelete -= deleted
    }

    // MARK: Keys and uploads

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

    private func put(_ upload: UploadRecord) throws(JournalError) {
        let row = try connection.statement(
            """
            INSERT INTO uploads (id, name, content_type, byte_count, created_at, usage) VALUES (?1, ?2, ?3, ?4, ?5, 0)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, content_type = excluded.content_type,
                byte_count = excluded.byte_count, created_at = excluded.created_at
            """)
        row.bind(1, upload.id)
        row.bind(2, upload.name)
        row.bind(3, upload.contentType)
        row.bind(4, upload.byteCount)
        row.bind(5, upload.createdAt)
        try row.run()
    }

    private func removeUpload(_ id: String) throws(JournalError) {
        for sql in ["DELETE FROM uploads WHERE id = ?1", "DELETE FROM upload_uses WHERE upload = ?1"] {
            let row = try connection.statement(sql)
            row.bind(1, id)
            try row.run()
        }
    }

    private func useUpload(_ id: String, by ref: LogRef) throws(JournalError) {
        let mark = try connection.statement("UPDATE uploads SET usage = ?2 WHERE id = ?1")
        mark.bind(1, id)
        mark.bind(2, UploadUsage.used.rawValue)
        try mark.run()
        guard connection.changes > 0 else { return }
        let use = try connection.statement("INSERT OR IGNORE INTO upload_uses (ref, upload) VALUES (?1, ?2)")
        use.bind(1, ref)
        use.bind(2, id)
        try use.run()
    }

    private func releaseUploads(of ref: LogRef) throws(JournalError) {
        let uses = try connection.statement("SELECT upload FROM upload_uses WHERE ref = ?1")
        uses.bind(1, ref)
        let uploads = try uses.rows { uses.text(0) }
        guard !uploads.isEmpty else { return }
        try run("DELETE FROM upload_uses WHERE ref = ?1", ref)
        let release = try connection.statement(
            """
            UPDATE uploads SET usage = ?2
            WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM upload_uses WHERE upload_uses.upload = ?1)
            """)
        for upload in uploads {
            release.bind(1, upload)
            release.bind(2, UploadUsage.released.rawValue)
            try release.run()
        }
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
