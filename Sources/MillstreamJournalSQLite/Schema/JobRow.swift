// How a job's record lies in its row. Rows that cannot have been written by this program are damage, never a trap.

import MillstreamJSON
import MillstreamJournal

enum JobRow {
    /// The columns that `read` wants, in its order. `?1` is the length up to which texts are loaded.
    static let columns = """
        ref, id, kind, owner, viewers, created_at, epoch, input_bytes, result_bytes, state, attempt, progress, error_code,
        error_message, error_stderr, priority, timeout_ms, run_at, started_at, finished_at, queue_order, due_at,
        cancel_requested, worker_sequence, message_count, process_group, process_start, process_boot, uploads, last_seq,
        trimmed_through, log_bytes, revision,
        CASE WHEN input_bytes <= ?1 THEN ifnull(input, (SELECT body FROM inputs WHERE inputs.ref = jobs.ref)) END,
        CASE WHEN result_bytes <= ?1 THEN (SELECT body FROM results WHERE results.ref = jobs.ref) END
        """

    static let insert = """
        INSERT INTO jobs (
            ref, id, kind, owner, viewers, created_at, epoch, input_bytes, result_bytes, state, attempt, progress,
            error_code, error_message, error_stderr, priority, timeout_ms, run_at, started_at, finished_at, queue_order,
            due_at, cancel_requested, worker_sequence, message_count, process_group, process_start, process_boot, uploads,
            last_seq, trimmed_through, log_bytes, revision, input)
        VALUES (
            ?1, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
            ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?33, ?34)
        """

    /// Longer ones are written apart, or each change of a job's state would write them again.
    static let maxInlineInputBytes = 256

    /// One that is longer than that.
    static let insertInput = "INSERT INTO inputs (ref, body) VALUES (?1, ?2)"

    /// The parameters of a row of `insertNew`.
    static let newColumns: Int32 = 19

    /// The same for `count` jobs that have nothing yet but what they were made with, and perhaps a first attempt. The parameters of
    /// a row follow those of the one before. A name that is taken leaves the rows before it stored: to take those back as well, SQLite
    /// copies each page before it changes it.
    static func insertNew(count: Int) -> String {
        let row = "(" + [String](repeating: "?", count: Int(newColumns)).joined(separator: ", ") + ", 0, 0, 0, 0, 0, 0)"
        return """
            INSERT OR FAIL INTO jobs (
                ref, id, kind, owner, viewers, created_at, epoch, input_bytes, state, attempt, priority, timeout_ms, run_at,
                started_at, queue_order, due_at, uploads, revision, input, cancel_requested, worker_sequence, message_count,
                last_seq, trimmed_through, log_bytes)
            VALUES \([String](repeating: row, count: count).joined(separator: ", "))
            """
    }

    /// - Parameter first: the row's first parameter.
    static func bindNew(_ job: JobRecord, _ row: Statement, _ first: Int32, _ scratch: BindScratch) {
        row.bind(first, job.ref)
        row.bind(first + 1, job.id.text, keptBy: scratch)
        row.bind(first + 2, job.kind, keptBy: scratch)
        row.bind(first + 3, job.owner, keptBy: scratch)
        row.bind(first + 4, StringList.stored(job.viewers), keptBy: scratch)
        row.bind(first + 5, job.createdAt)
        row.bind(first + 6, job.epoch.text, keptBy: scratch)
        row.bind(first + 7, Int64(job.input.byteCount))
        row.bind(first + 8, Int64(job.state.rawValue))
        row.bind(first + 9, Int64(job.attempt))
        row.bind(first + 10, Int64(job.priority))
        row.bind(first + 11, job.timeoutMs)
        row.bind(first + 12, job.runAt)
        row.bind(first + 13, job.startedAt)
        row.bind(first + 14, job.queueOrder)
        row.bind(first + 15, job.dueAt)
        row.bind(first + 16, StringList.stored(job.uploads), keptBy: scratch)
        row.bind(first + 17, job.revision)
        row.bind(first + 18, inlineInput(job), keptBy: scratch)
    }

    /// The input that lies in the job's row; nil when it lies apart.
    static func inlineInput(_ job: JobRecord) -> [UInt8]? {
        guard let bytes = job.input.text?.bytes, bytes.count <= maxInlineInputBytes else { return nil }
        return bytes
    }

    /// For a job whose state and end stay as they are, mostly: no index holds what changes, where the other statement takes its rows
    /// out of all of them and puts them back. Changes nothing when the state does.
    static let updateInState = """
        UPDATE jobs SET
            result_bytes = ?2, attempt = ?4, progress = ?5, error_code = ?6, error_message = ?7,
            error_stderr = ?8, priority = ?9, timeout_ms = ?10, run_at = ?11, started_at = ?12,
            queue_order = ?14, due_at = ?15, cancel_requested = ?16, worker_sequence = ?17, message_count = ?18,
            process_group = ?19, process_start = ?20, process_boot = ?21, uploads = ?22, last_seq = ?23,
            trimmed_through = ?24, log_bytes = ?25, revision = ?33
        WHERE ref = ?1 AND state = ?3 AND finished_at IS ?13
        """

    static let update = """
        UPDATE jobs SET
            result_bytes = ?2, state = ?3, attempt = ?4, progress = ?5, error_code = ?6, error_message = ?7,
            error_stderr = ?8, priority = ?9, timeout_ms = ?10, run_at = ?11, started_at = ?12, finished_at = ?13,
            queue_order = ?14, due_at = ?15, cancel_requested = ?16, worker_sequence = ?17, message_count = ?18,
            process_group = ?19, process_start = ?20, process_boot = ?21, uploads = ?22, last_seq = ?23,
            trimmed_through = ?24, log_bytes = ?25, revision = ?33
        WHERE ref = ?1
        """

    /// What changes in a job's life, for all three statements.
    static func bindMutable(_ job: JobRecord, _ row: Statement) {
        row.bind(1, job.ref)
        row.bind(2, job.result.map { Int64($0.byteCount) })
        row.bind(3, Int64(job.state.rawValue))
        row.bind(4, Int64(job.attempt))
        row.bind(5, job.progress)
        row.bind(6, job.error?.code)
        row.bind(7, job.error?.message)
        row.bind(8, StringList.stored(job.error?.stderr ?? []))
        row.bind(9, Int64(job.priority))
        row.bind(10, job.timeoutMs)
        row.bind(11, job.runAt)
        row.bind(12, job.startedAt)
        row.bind(13, job.finishedAt)
        row.bind(14, job.queueOrder)
        row.bind(15, job.dueAt)
        row.bind(16, job.cancelRequested ? 1 : 0)
        row.bind(17, job.workerSequence)
        row.bind(18, Int64(job.messageCount))
        row.bind(19, job.processGroup.map { Int64($0.id) })
        row.bind(20, job.processGroup.map { Int64(bitPattern: $0.startTicks) })
        row.bind(21, job.processGroup?.bootID)
        row.bind(22, StringList.stored(job.uploads))
        row.bind(23, job.lastSequence)
        row.bind(24, job.trimmedThrough)
        row.bind(25, job.logBytes)
        row.bind(33, job.revision)
    }

    /// What stays, for the first statement.
    static func bindConstant(_ job: JobRecord, _ row: Statement) {
        row.bind(26, job.id.text)
        row.bind(27, job.kind)
        row.bind(28, job.owner)
        row.bind(29, StringList.stored(job.viewers))
        row.bind(30, job.createdAt)
        row.bind(31, job.epoch.text)
        row.bind(32, Int64(job.input.byteCount))
        row.bind(34, copying: inlineInput(job))
    }

    static func read(_ row: Statement) throws(JournalError) -> JobRecord {
        let ref = row.ref(0)
        guard let id = JobID(row.text(1)), let epoch = Epoch(row.text(6)),
            let viewers = StringList.read(row.optionalText(4)),
            let state = UInt8(exactly: row.int64(9)).flatMap(JobState.init(rawValue:)),
            let stderr = StringList.read(row.optionalText(14)), let uploads = StringList.read(row.optionalText(28)),
            let inputBytes = Int(exactly: row.int64(7)), inputBytes >= 0
        else { throw JournalError(.damaged, "the row of job \(ref.number) cannot be read") }
        let input = value(byteCount: inputBytes, text: row.optionalJSON(33))
        var job = JobRecord(
            ref: ref, id: id, kind: row.text(2), input: input, epoch: epoch, createdAt: row.time(5))
        job.owner = row.optionalText(3)
        job.viewers = viewers
        job.result = row.optionalInt64(8).map { value(byteCount: Int($0), text: row.optionalJSON(34)) }
        job.state = state
        job.attempt = row.int(10)
        job.progress = row.optionalDouble(11)
        job.error = row.optionalText(12).map { JobError(code: $0, message: row.text(13), stderr: stderr) }
        job.priority = row.int(15)
        job.timeoutMs = row.optionalInt64(16)
        job.runAt = row.optionalTime(17)
        job.startedAt = row.optionalTime(18)
        job.finishedAt = row.optionalTime(19)
        job.queueOrder = row.int64(20)
        job.dueAt = row.optionalTime(21)
        job.cancelRequested = row.int64(22) != 0
        job.workerSequence = row.int64(23)
        job.messageCount = row.int(24)
        job.processGroup = processGroup(row)
        job.uploads = uploads
        job.lastSequence = row.int64(29)
        job.trimmedThrough = row.int64(30)
        job.logBytes = row.int64(31)
        job.revision = row.int64(32)
        return job
    }

    private static func processGroup(_ row: Statement) -> ProcessGroup? {
        guard let number = row.optionalInt64(25), let id = Int32(exactly: number) else { return nil }
        return ProcessGroup(id: id, startTicks: UInt64(bitPattern: row.int64(26)), bootID: row.text(27))
    }

    /// The length is the row's own, so that a check can hold it against the text.
    private static func value(byteCount: Int, text: JSONText?) -> StoredValue {
        var value = StoredValue(byteCount: byteCount)
        value.text = text
        return value
    }
}
