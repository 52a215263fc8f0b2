// The writer of the journal file: one connection, used by the journal lane alone. Owns the transaction and the mark of a
// clean end, and has the log moved. Does not lock the data directory: that is done once for all files in it.

import Glibc
import MillstreamJournal

/// A journal in one SQLite file (beside it, while open, `-wal` and `-shm`).
///
/// One thread. Readers of other threads come from ``makeReader()``; they never wait for the writer, nor it for them.
public final class SQLiteStore: SQLiteReader, JournalStore {
    /// Enough for the pages that a load writes again and again; those it reads again are the operating system's to keep.
    public static let usualCacheBytes = 4 << 20

    /// False when the last run did not come to ``close()``.
    public let wasClean: Bool
    private let synchronous: Synchronous
    private let cacheBytes: Int
    private let writer: BatchWriter
    private let removal: LogRemoval
    let logMover: LogMover
    /// Of keys that `expireIdempotency` had to leave; nil when none were left.
    private var expiryLeft: Timestamp?

    /// Opens the journal, creates it when it is not there, migrates it when it is older.
    ///
    /// When the last run ended without ``close()`` and did not wait for the disk at each commit, what it acknowledged may be lost:
    /// all logs get a new epoch then, so that no reader takes a new event for one that it has.
    /// - Parameters:
    ///   - path: of the file; its directory exists and belongs to this process (the caller holds a lock on it).
    ///   - synchronous: see ``Synchronous``.
    ///   - cacheBytes: of the file's pages kept in memory, by the writer and by each reader.
    ///   - random: for the new epoch.
    public convenience init(
        path: String, synchronous: Synchronous = .full, cacheBytes: Int = SQLiteStore.usualCacheBytes,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) throws(JournalError) {
        try self.init(
            path: path, synchronous: synchronous, cacheBytes: cacheBytes, random: random, schema: .present)
    }

    package init(
        path: String, synchronous: Synchronous, cacheBytes: Int = SQLiteStore.usualCacheBytes,
        random: any RandomNumberGenerator, schema: Schema
    ) throws(JournalError) {
        let connection = try Connection(path: path, access: .create)
        do throws(JournalError) {
            try Self.prepare(connection, cacheBytes: cacheBytes)
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
            // Commits of events alone do not write the row again, and with `off` nothing else flushes it once the log is begun anew.
            if synchronous == .off { try connection.checkpoint(.passive) }
            try Self.syncDirectory(of: path)
            try connection.execute("PRAGMA synchronous = \(synchronous.rawValue)")
            self.synchronous = synchronous
            self.cacheBytes = cacheBytes
            writer = try BatchWriter(connection, state: state)
            removal = LogRemoval(connection)
            logMover = LogMover(connection, synchronous: synchronous)
            super.init(connection, epochOverride: state.epochOverride)
        } catch {
            connection.close()
            throw error
        }
    }

    // MARK: Opening

    private static let pageBytes = 4096
    /// By which the write-ahead log's file grows.
    private static let logStepBytes = 1 << 20

    /// Starts with `synchronous = FULL`, which holds until the row about the store says that it is open.
    private static func prepare(_ connection: Connection, cacheBytes: Int) throws(JournalError) {
        try connection.execute("PRAGMA page_size = \(pageBytes)")
        guard try connection.text("PRAGMA journal_mode = WAL") == "wal" else {
            throw JournalError(.io, "the file system does not allow a write-ahead log")
        }
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("PRAGMA cache_size = -\(cacheBytes >> 10)")
        // Longer than this the log's file is cut when it is begun anew; what is left lets removals find room on a full disk.
        try connection.execute("PRAGMA journal_size_limit = \(LogBound.maxLogBytes)")
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
        try commitAlone(batch)
        makeRoom()
    }

    public func commitAlone(_ batch: [JournalMutation]) throws(JournalError) {
        guard connection.isOpen else { throw Connection.closed }
        guard !batch.isEmpty else { return }
        do throws(JournalError) {
            try write { () throws(JournalError) in try writer.apply(batch) }
        } catch {
            guard error.code == .full, logMover.moveOnFullDisk() else { throw error }
            try write { () throws(JournalError) in try writer.apply(batch) }
        }
        if let left = writer.expiryLeft { expiryLeft = left }
    }

    /// Lengthens the log and has it moved: for some commits much longer than their flush.
    public func makeRoom() {
        guard connection.isOpen else { return }
        if synchronous == .full { connection.reserveLog(step: Self.logStepBytes) }
        logMover.didCommit()
    }

    /// One transaction, with the row about the store when that must be written; after a fault the writer's copy is as it was.
    private func write(_ body: () throws(JournalError) -> Void) throws(JournalError) {
        let before = writer.state
        do throws(JournalError) {
            try connection.transaction { () throws(JournalError) in
                try body()
                if !writer.state.isTold(by: before) { try writer.state.write(connection) }
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
        return try SQLiteReader(path: connection.path, cacheBytes: cacheBytes)
    }

    // MARK: Between batches

    private static let maxRowsDeletedPerCall = 2000

    /// One piece of work: a transaction that deletes at most 2,000 rows. Pages of deleted rows are used again; the file gets smaller
    /// with `JournalInspection.compact()` only. Throws also when the log could not be moved beside the commits.
    public func maintain(isIdle: Bool) throws(JournalError) -> Bool {
        guard connection.isOpen else { throw Connection.closed }
        var isMore = try expireLeftKeys()
        if !isMore { isMore = try removeLeftLogs() }
        // Removals come first also when the log cannot be moved: they are what may make room.
        try logMover.lookAfter(isIdle: isIdle)
        return isMore
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

    private func removeLeftLogs() throws(JournalError) -> Bool {
        guard try removal.hasLeft() else { return false }
        try write { () throws(JournalError) in
            writer.state.didRemoveEvents(try removal.deleteLeft(maxRows: Self.maxRowsDeletedPerCall).events)
        }
        return true
    }

    // MARK: The end

    /// Says on the disk that all is there, and closes. A fault leaves the mark of an unclean end, which is the safe one.
    public func close() {
        guard connection.isOpen else { return }
        logMover.stop()
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
