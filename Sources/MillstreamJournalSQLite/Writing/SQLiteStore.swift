// The writer of the journal file: one connection, used by the journal lane alone. Owns the transaction, the checkpoints and the
// mark of a clean end. Does not lock the data directory: that is done once for all files in it.

import Glibc
import MillstreamJournal

/// A journal in one SQLite file (beside it, while open, `-wal` and `-shm`).
///
/// One thread. Readers of other threads come from ``makeReader()``; they never wait for the writer, nor it for them.
public final class SQLiteStore: SQLiteReader, JournalStore {
    /// False when the last run did not come to ``close()``.
    public let wasClean: Bool
    private let synchronous: Synchronous
    private let writer: BatchWriter
    private let removal: LogRemoval
    /// Of keys that `expireIdempotency` had to leave; nil when none were left.
    private var expiryLeft: Timestamp?

    /// Opens the journal, creates it when it is not there, migrates it when it is older.
    ///
    /// When the last run ended without ``close()`` and did not wait for the disk at each commit, what it acknowledged may be lost:
    /// all logs get a new epoch then, so that no reader takes a new event for one that it has.
    /// - Parameters:
    ///   - path: of the file; its directory exists and belongs to this process (the caller holds a lock on it).
    ///   - synchronous: see ``Synchronous``.
    ///   - random: for the new epoch.
    public convenience init(
        path: String, synchronous: Synchronous = .full,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) throws(JournalError) {
        try self.init(path: path, synchronous: synchronous, random: random, schema: .present)
    }

    package init(
        path: String, synchronous: Synchronous, random: any RandomNumberGenerator, schema: Schema
    ) throws(JournalError) {
        let connection = try Connection(path: path, access: .create)
        do throws(JournalError) {
            try Self.prepare(connection)
            try schema.migrate(connection)
            var state = try StoreState.read(connection)
            wasClean = state.isClean
            if !state.isClean, state.synchronous != .full {
                var random = random
                state.epochOverride = .init(through: state.highestRef, epoch: Epoch.random(using: &random))
            }
            state.isClean = false
            state.synchronous = synchronous
            try connection.transaction { () throws(JournalError) in try state.write(connection) }
            try Self.syncDirectory(of: path)
            try connection.execute("PRAGMA synchronous = \(synchronous.rawValue)")
            self.synchronous = synchronous
            writer = try BatchWriter(connection, state: state)
            removal = LogRemoval(connection)
            super.init(connection, epochOverride: state.epochOverride)
        } catch {
            connection.close()
            throw error
        }
    }

    // MARK: Opening

    private static let pageBytes = 4096
    private static let cacheKiB = 32 * 1024
    /// Moved by `maintain` when so much is in the write-ahead log.
    private static let checkpointBytes = 8 << 20
    /// Moved in `commit` when nobody called `maintain`; also what is left of the log's file for the next commits, so that
    /// removals find room on a full disk.
    private static let maxWALBytes = 64 << 20
    /// By which the write-ahead log's file grows.
    private static let logStepBytes = 1 << 20

    /// Starts with `synchronous = FULL`, which holds until the row about the store says that it is open.
    private static func prepare(_ connection: Connection) throws(JournalError) {
        try connection.execute("PRAGMA page_size = \(pageBytes)")
        guard try connection.text("PRAGMA journal_mode = WAL") == "wal" else {
            throw JournalError(.io, "the file system does not allow a write-ahead log")
        }
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("PRAGMA cache_size = -\(cacheKiB)")
        try connection.execute("PRAGMA journal_size_limit = \(maxWALBytes)")
        // Deleted content is overwritten where that costs no further write.
        try connection.execute("PRAGMA secure_delete = FAST")
        connection.checkpointByHand()
    }

    /// The names of new files are on the disk only when their directory is.
    private static func syncDirectory(of path: String) throws(JournalError) {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw JournalError(.io, "cannot open \(directory): \(String(cString: strerror(errno)))")
        }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw JournalError(.io, "cannot sync \(directory): \(String(cString: strerror(errno)))")
        }
    }

    // MARK: Writing

    public var highestRef: LogRef {
        get throws(JournalError) { LogRef(try openState().highestRef) }
    }

    public var highestQueueOrder: Int64 {
        get throws(JournalError) { try openState().highestQueueOrder }
    }

    public func commit(_ batch: [JournalMutation]) throws(JournalError) {
        guard connection.isOpen else { throw Connection.closed }
        guard !batch.isEmpty else { return }
        try write { () throws(JournalError) in try writer.apply(batch) }
        if let left = writer.expiryLeft { expiryLeft = left }
        if synchronous == .full { connection.reserveLog(step: Self.logStepBytes) }
        // The batch is stored, whatever becomes of the checkpoint; a fault of it comes again in `maintain`.
        if connection.walPages * Self.pageBytes > Self.maxWALBytes { try? connection.checkpoint(.passive) }
    }

    /// One transaction with the row about the store; after a fault that row is as it was.
    private func write(_ body: () throws(JournalError) -> Void) throws(JournalError) {
        let before = writer.state
        do throws(JournalError) {
            try connection.transaction { () throws(JournalError) in
                try body()
                if writer.state != before { try writer.state.write(connection) }
            }
        } catch {
            writer.state = before
            throw error
        }
    }

    private func openState() throws(JournalError) -> StoreState {
        guard connection.isOpen else { throw Connection.closed }
        return writer.state
    }

    public func makeReader() throws(JournalError) -> sending any JournalReading {
        guard connection.isOpen else { throw Connection.closed }
        return try SQLiteReader(path: connection.path)
    }

    // MARK: Between batches

    private static let maxRowsDeletedPerCall = 2000

    /// One piece of work: a transaction that deletes at most 2,000 rows, or else a checkpoint when 8 MiB wait for one. Pages of
    /// deleted rows are used again; the file gets smaller with `JournalInspection.compact()` only.
    public func maintain() throws(JournalError) -> Bool {
        guard connection.isOpen else { throw Connection.closed }
        if try expireLeftKeys() { return true }
        if try removeLeftLog() { return true }
        if connection.walPages * Self.pageBytes >= Self.checkpointBytes { try connection.checkpoint(.passive) }
        return false
    }

    private func expireLeftKeys() throws(JournalError) -> Bool {
        guard let time = expiryLeft else { return false }
        let row = try connection.statement("SELECT 1 FROM idempotency WHERE created_at < ?1 LIMIT 1")
        row.bind(1, time)
        guard try row.first({ true }) ?? false else {
            expiryLeft = nil
            return false
        }
        try write { () throws(JournalError) in
            _ = try IdempotencyExpiry.deletePiece(connection, before: time, maxRows: Self.maxRowsDeletedPerCall)
        }
        return true
    }

    private func removeLeftLog() throws(JournalError) -> Bool {
        guard let (ref, sequence) = try removal.next() else { return false }
        try write { () throws(JournalError) in
            let piece = try removal.deletePiece(
                of: ref, through: sequence, maxRows: Self.maxRowsDeletedPerCall)
            writer.state.events -= piece.events
            if piece.isLast { try removal.forget(ref) }
        }
        return true
    }

    // MARK: The end

    /// Says on the disk that all is there, and closes. A fault leaves the mark of an unclean end, which is the safe one.
    public func close() {
        guard connection.isOpen else { return }
        try? markClean()
        connection.close()
    }

    private func markClean() throws(JournalError) {
        try connection.execute("PRAGMA synchronous = FULL")
        // With `off`, earlier checkpoints did not wait for the disk either.
        if synchronous == .off { try connection.syncDatabaseFile() }
        try write { () throws(JournalError) in writer.state.isClean = true }
        try connection.checkpoint(.truncate)
    }
}
