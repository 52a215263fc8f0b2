// Channels, idempotency keys, uploads and sizes.

import Glibc
import MillstreamJournal

extension SQLiteReader {
    private static let channelColumns = "ref, name, epoch, created_at, last_seq, trimmed_through, log_bytes"

    public func channel(_ name: String) throws(JournalError) -> ChannelRecord? {
        let row = try connection.statement("SELECT \(Self.channelColumns) FROM channels WHERE name = ?1")
        row.bind(1, name)
        return try row.first { () throws(JournalError) in try channel(row) }
    }

    public func channels(after: LogRef, limit: Int) throws(JournalError) -> [ChannelRecord] {
        let row = try connection.statement(
            "SELECT \(Self.channelColumns) FROM channels WHERE ref > ?1 ORDER BY ref LIMIT ?2")
        row.bind(1, after)
        row.bind(2, Int64(max(limit, 0)))
        var last = after.number
        return try row.rows { () throws(JournalError) in
            last = try Self.ascending(row.int64(0), after: last, "the channels")
            return try channel(row)
        }
    }

    private func channel(_ row: Statement) throws(JournalError) -> ChannelRecord {
        let ref = row.ref(0)
        guard let stored = Epoch(row.text(2)) else {
            throw JournalError(.damaged, "the row of channel log \(ref.number) cannot be read")
        }
        var channel = ChannelRecord(
            ref: ref, name: row.text(1), epoch: epoch(stored, of: ref), createdAt: row.time(3))
        channel.lastSequence = row.int64(4)
        channel.trimmedThrough = row.int64(5)
        channel.logBytes = row.int64(6)
        return channel
    }

    public func idempotency(_ key: String) throws(JournalError) -> IdempotencyRecord? {
        let row = try connection.statement(
            "SELECT key, fingerprint, job, ref, created_at FROM idempotency WHERE key = ?1")
        row.bind(1, key)
        return try row.first { () throws(JournalError) in
            guard let job = JobID(row.text(2)), let fingerprint = UInt128(stored: row.bytes(1)) else {
                throw JournalError(.damaged, "the row of an idempotency key cannot be read")
            }
            return IdempotencyRecord(
                key: row.text(0), fingerprint: fingerprint, job: job, ref: row.ref(3), createdAt: row.time(4))
        }
    }

    private static let uploadColumns = "id, name, content_type, byte_count, created_at"

    public func upload(_ id: String) throws(JournalError) -> UploadRecord? {
        let row = try connection.statement("SELECT \(Self.uploadColumns) FROM uploads WHERE id = ?1")
        row.bind(1, id)
        return try row.first { Self.upload(row) }
    }

    public func unusedUploads(before: Timestamp, limit: Int) throws(JournalError) -> [UploadRecord] {
        let row = try connection.statement(
            """
            SELECT \(Self.uploadColumns) FROM uploads INDEXED BY uploads_by_usage
            WHERE usage = ?1 AND created_at < ?2 ORDER BY created_at, id LIMIT ?3
            """)
        let released = try uploads(row, .released, before: Timestamp(milliseconds: .max), limit: limit)
        return try released + uploads(row, .never, before: before, limit: limit - released.count)
    }

    private func uploads(
        _ row: Statement, _ usage: UploadUsage, before: Timestamp, limit: Int
    ) throws(JournalError) -> [UploadRecord] {
        row.bind(1, usage.rawValue)
        row.bind(2, before)
        row.bind(3, Int64(max(limit, 0)))
        return try row.rows { Self.upload(row) }
    }

    private static func upload(_ row: Statement) -> UploadRecord {
        UploadRecord(
            id: row.text(0), name: row.text(1), contentType: row.text(2), byteCount: row.int64(3),
            createdAt: row.time(4))
    }

    /// Counts come from one row that the writer keeps: no table is walked but the live part of one index.
    public func statistics() throws(JournalError) -> JournalStatistics {
        let state = try StoreState.read(connection)
        var statistics = JournalStatistics()
        statistics.jobs = state.jobs
        statistics.events = state.events
        statistics.channels = state.channels
        let live = try connection.statement(JobLists.liveCount)
        statistics.liveJobs = try live.first { live.int64(0) } ?? 0
        statistics.fileBytes = Self.fileBytes(connection.path) + Self.fileBytes(connection.path + "-wal")
        statistics.freeBytes =
            try connection.number("PRAGMA freelist_count") * connection.number("PRAGMA page_size")
        return statistics
    }

    private static func fileBytes(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}

/// The column `usage` of an upload.
enum UploadUsage: Int64 {
    /// No job named it yet.
    case never = 0
    case used = 1
    /// All jobs that named it are gone.
    case released = 2
}

extension UInt128 {
    /// Sixteen bytes, the highest first.
    var stored: [UInt8] { (0..<16).map { UInt8(truncatingIfNeeded: self >> (120 - 8 * $0)) } }

    init?(stored bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }
}
