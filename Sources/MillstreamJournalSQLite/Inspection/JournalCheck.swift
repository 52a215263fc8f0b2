// One run of the journal's own check. Goes through the heads (jobs, channels) and each one's log, then through the tables for rows
// that no head owns, with one page in memory at a time. Changes nothing. LogCheck judges the events of one log.

import MillstreamJSON
import MillstreamJournal

final class JournalCheck {
    private let connection: Connection
    private let reader: SQLiteReader
    private let maxFindings: Int
    private let report: (JournalFinding) -> Void
    /// Whether the last process closed the journal.
    private let wasClean: Bool
    private(set) var findings = 0
    private var jobs: Int64 = 0
    private var channels: Int64 = 0
    private var highestRef: Int64 = 0

    /// Heads or events read at once.
    private static let pageLength = 500

    init(
        _ connection: Connection, _ reader: SQLiteReader, wasClean: Bool, maxFindings: Int,
        _ report: @escaping (JournalFinding) -> Void
    ) {
        self.connection = connection
        self.reader = reader
        self.wasClean = wasClean
        self.maxFindings = maxFindings
        self.report = report
    }

    /// Ends early when there are enough findings. Damage that stops one part does not stop the next.
    func run() {
        attempt { () throws(JournalError) in try checkFile() }
        attempt { () throws(JournalError) in try checkJobs() }
        attempt { () throws(JournalError) in try checkChannels() }
        attempt { () throws(JournalError) in try checkOrphans() }
        attempt { () throws(JournalError) in try checkCounts() }
        attempt { () throws(JournalError) in try checkEventCount() }
    }

    private var isFull: Bool { findings >= maxFindings }

    private func note(_ kind: JournalFinding.Kind, _ subject: String, _ message: String) {
        guard !isFull else { return }
        findings += 1
        report(JournalFinding(kind, subject, message))
    }

    private func attempt(_ subject: String = "", _ part: () throws(JournalError) -> Void) {
        guard !isFull else { return }
        do throws(JournalError) {
            try part()
        } catch {
            note(.file, subject, error.message)
        }
    }

    // MARK: Parts

    private func checkFile() throws(JournalError) {
        let row = try connection.statement("PRAGMA integrity_check(\(max(maxFindings, 1)))")
        for message in try row.rows({ row.text(0) }) where message != "ok" { note(.file, "", message) }
    }

    private func checkJobs() throws(JournalError) {
        try forEachRef(in: "jobs") { ref in
            jobs += 1
            attempt("log \(ref.number)") { () throws(JournalError) in
                guard let job = try reader.job(ref: ref) else { return }
                try check(job)
            }
        }
    }

    private func check(_ job: JobRecord) throws(JournalError) {
        let subject = LogName.job(job.id).description
        check(job.input, "input", subject)
        if let result = job.result { check(result, "result", subject) }
        if job.state.isTerminal != (job.finishedAt != nil) {
            note(.terminal, subject, "state \(job.state.word), but \(job.finishedAt == nil ? "no" : "a") time of end")
        }
        var log = LogCheck(
            lastSequence: job.lastSequence, trimmedThrough: job.trimmedThrough, logBytes: job.logBytes,
            end: job.state.isTerminal ? .terminal(job.state.word) : .open, mayLag: !wasClean && !job.state.isTerminal)
        try check(job.ref, subject, &log)
    }

    private func check(_ value: StoredValue, _ name: String, _ subject: String) {
        guard let text = value.text else { return note(.data, subject, "the text of its \(name) is missing") }
        if (try? JSONText(validating: text.bytes)) != text { note(.data, subject, "its \(name) is not minified JSON") }
        if text.bytes.count != value.byteCount {
            note(.data, subject, "its \(name) has \(text.bytes.count) bytes, the job says \(value.byteCount)")
        }
    }

    private func checkChannels() throws(JournalError) {
        var after = LogRef(0)
        while !isFull {
            let page = try reader.channels(after: after, limit: Self.pageLength)
            guard let last = page.last else { return }
            for channel in page {
                channels += 1
                highestRef = max(highestRef, channel.ref.number)
                let subject = LogName.channel(channel.name).description
                var log = LogCheck(
                    lastSequence: channel.lastSequence, trimmedThrough: channel.trimmedThrough,
                    logBytes: channel.logBytes, end: .never, mayLag: !wasClean)
                attempt(subject) { () throws(JournalError) in try check(channel.ref, subject, &log) }
            }
            after = last.ref
        }
    }

    private func check(_ ref: LogRef, _ subject: String, _ log: inout LogCheck) throws(JournalError) {
        var after: Int64 = 0
        while !isFull {
            let page = try reader.events(of: ref, after: after, limit: Self.pageLength, maxBytes: 1 << 20)
            guard let last = page.last else { break }
            for event in page {
                for (kind, message) in log.read(event) { note(kind, subject, message) }
            }
            after = last.sequence
        }
        for (kind, message) in log.finish() { note(kind, subject, message) }
    }

    private func checkOrphans() throws(JournalError) {
        for table in ["events", "publications", "messages", "inputs", "results", "upload_uses", "idempotency"] {
            try forEachRef(in: table) { ref in
                attempt { () throws(JournalError) in
                    if try !hasOwner(ref) {
                        note(.orphan, "log \(ref.number)", "rows in \(table) without a job or channel")
                    }
                }
            }
        }
    }

    private func hasOwner(_ ref: LogRef) throws(JournalError) -> Bool {
        let row = try connection.statement(
            """
            SELECT EXISTS (SELECT 1 FROM jobs WHERE ref = ?1) OR EXISTS (SELECT 1 FROM channels WHERE ref = ?1)
                OR EXISTS (SELECT 1 FROM removals WHERE ref = ?1)
            """)
        row.bind(1, ref)
        return try row.first { row.int64(0) != 0 } ?? false
    }

    private func checkCounts() throws(JournalError) {
        guard !isFull else { return }
        let state = try StoreState.readRow(connection)
        for (name, kept, counted) in [("jobs", state.jobs, jobs), ("channels", state.channels, channels)]
        where kept != counted {
            note(.count, "", "\(kept) \(name) noted, \(counted) found")
        }
        if highestRef > state.highestRef {
            note(.count, "", "log \(highestRef) is there, but \(state.highestRef) is noted as the highest")
        }
    }

    /// The row tells of the events up to a position; those behind it follow one another.
    private func checkEventCount() throws(JournalError) {
        let row = try connection.statement(
            """
            SELECT events, (SELECT count(*) FROM events WHERE position <= last_position),
                (SELECT ifnull(max(position), 0) FROM events) - last_position,
                (SELECT count(*) FROM events WHERE position > last_position)
            FROM store_state WHERE id = 1
            """)
        let counts = try row.first { (0..<4).map { row.int64($0) } }
        guard let counts else { return }
        if counts[0] != counts[1] { note(.count, "", "\(counts[0]) events noted, \(counts[1]) found") }
        if counts[2] != counts[3] { note(.count, "", "\(counts[2]) new events by their positions, \(counts[3]) found") }
    }

    /// Each log number of a table once, by one step of its index each.
    private func forEachRef(in table: String, _ body: (LogRef) -> Void) throws(JournalError) {
        let row = try connection.statement("SELECT ref FROM \(table) WHERE ref > ?1 ORDER BY ref LIMIT 1")
        var last = LogRef(.min)
        while !isFull {
            row.bind(1, last)
            guard let ref = try row.first({ row.ref(0) }) else { return }
            _ = try SQLiteReader.ascending(ref.number, after: last.number, "the rows of \(table)")
            body(ref)
            if table == "jobs" { highestRef = max(highestRef, ref.number) }
            last = ref
        }
    }
}
