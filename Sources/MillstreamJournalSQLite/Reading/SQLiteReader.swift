// The reading half over one connection of its own. Every call is one statement, and so one view of the database: SQLite shows
// what was committed before it began. Jobs are here; logs and the rest in the extensions.

import MillstreamJSON
import MillstreamJournal

/// Reads a journal file, beside its writer if there is one. One thread at a time; closed when it is released.
///
/// Each call walks as many rows as it answers with (an index serves each filter), whatever the size of the journal.
public class SQLiteReader: JournalReading {
    let connection: Connection
    var epochOverride: StoreState.EpochOverride?

    /// - Parameters:
    ///   - path: of a journal that a ``SQLiteStore`` has open, or had.
    ///   - cacheBytes: of the file's pages kept in memory, those of hot logs.
    public convenience init(path: String, cacheBytes: Int = SQLiteStore.usualCacheBytes) throws(JournalError) {
        let connection = try Connection(path: path, access: .read)
        try connection.execute("PRAGMA cache_size = -\(cacheBytes >> 10)")
        try Schema.present.requirePresent(connection)
        self.init(connection, epochOverride: try StoreState.readRow(connection).epochOverride)
    }

    init(_ connection: Connection, epochOverride: StoreState.EpochOverride?) {
        self.connection = connection
        self.epochOverride = epochOverride
    }

    /// Texts up to this length are part of a list.
    private static let listTextBytes: Int64 = 16 * 1024

    // MARK: Jobs

    public func job(_ id: JobID) throws(JournalError) -> JobRecord? {
        let row = try connection.statement("SELECT \(JobRow.columns) FROM jobs WHERE id = ?2")
        row.bind(1, .max)
        row.bind(2, id.text)
        return try row.first { () throws(JournalError) in try job(row) }
    }

    public func job(ref: LogRef) throws(JournalError) -> JobRecord? {
        let row = try connection.statement("SELECT \(JobRow.columns) FROM jobs WHERE ref = ?2")
        row.bind(1, .max)
        row.bind(2, ref)
        return try row.first { () throws(JournalError) in try job(row) }
    }

    public func jobs(_ filter: JobFilter, before: LogRef?, limit: Int) throws(JournalError) -> [JobRecord] {
        let row = try connection.statement(JobLists.sql(filter))
        row.bind(1, Self.listTextBytes)
        row.bind(2, before?.number ?? .max)
        row.bind(3, Int64(max(limit, 0)))
        if let state = filter.state { row.bind(4, Int64(state.rawValue)) }
        if let kind = filter.kind { row.bind(5, kind) }
        if let owner = filter.owner { row.bind(6, owner) }
        return try row.rows { () throws(JournalError) in try job(row) }
    }

    public func liveJobs(after: LogRef, limit: Int) throws(JournalError) -> [JobRecord] {
        let row = try connection.statement(JobLists.live)
        row.bind(1, Self.listTextBytes)
        row.bind(2, after)
        row.bind(3, Int64(max(limit, 0)))
        var last = after.number
        return try row.rows { () throws(JournalError) in
            let job = try job(row)
            last = try Self.ascending(job.ref.number, after: last, "the live jobs")
            return job
        }
    }

    public func jobsFinished(before: Timestamp, limit: Int) throws(JournalError) -> [JobRecord] {
        let row = try connection.statement(JobLists.finished)
        row.bind(1, Self.listTextBytes)
        row.bind(2, before)
        row.bind(3, Int64(max(limit, 0)))
        return try row.rows { () throws(JournalError) in try job(row) }
    }

    private func job(_ row: Statement) throws(JournalError) -> JobRecord {
        var job = try JobRow.read(row)
        job.epoch = epoch(job.epoch, of: job.ref)
        return job
    }

    func epoch(_ own: Epoch, of ref: LogRef) -> Epoch {
        guard let epochOverride, ref.number <= epochOverride.through else { return own }
        return epochOverride.epoch
    }
}
