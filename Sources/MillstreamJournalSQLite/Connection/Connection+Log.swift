// The connection's view of the write-ahead log: how much is in it, moving it into the database file, and the zeros that lie ahead
// of it. SQLite calls back after each commit; what it says stays in a box that the connection owns.

import CSQLite
import MillstreamJournal

/// How many pages the log has, as the writer's commits tell, and how many of them are in the database file as well.
final class LogExtent {
    fileprivate(set) var pages = 0
    fileprivate(set) var movedPages = 0
    /// How often a commit began the log anew.
    fileprivate(set) var restarts = 0
    /// The length of the log's file as `reserveLog` last saw it.
    fileprivate var reservedBytes = 0

    /// A commit begins the log anew when all of it is moved and no reader stands in it. Taken for anew although it is not, the log
    /// is moved early, and the next checkpoint says how far it is.
    fileprivate func didCommit(pages now: Int) {
        if now <= pages || movedPages >= pages {
            movedPages = 0
            restarts += 1
        }
        pages = now
    }

    fileprivate func didMove(_ moved: Int, of all: Int) {
        pages = all
        movedPages = moved
    }
}

/// SQLite's callback after a commit. The box belongs to the connection, which closes before it goes.
private func logDidGrow(
    box: UnsafeMutableRawPointer?, connection: OpaquePointer?, database: UnsafePointer<CChar>?, pages: Int32
) -> Int32 {
    if let box { Unmanaged<LogExtent>.fromOpaque(box).takeUnretainedValue().didCommit(pages: Int(pages)) }
    return SQLITE_OK
}

extension Connection {
    enum CheckpointMode {
        /// As far as readers allow, without waiting.
        case passive
        /// All of it, waiting for readers, and the file cut to nothing.
        case truncate
    }

    /// From now on only `checkpoint` moves the log's pages into the database.
    func checkpointByHand() {
        guard let handle else { return }
        sqlite3_wal_hook(handle, logDidGrow, Unmanaged.passUnretained(log).toOpaque())
    }

    /// Pages in the log that no checkpoint has moved yet.
    var walPages: Int { max(0, log.pages - log.movedPages) }

    /// False when another connection is at a checkpoint.
    @discardableResult
    func checkpoint(_ mode: CheckpointMode) throws(JournalError) -> Bool {
        guard let handle else { throw Self.closed }
        var logPages: Int32 = 0
        var movedPages: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(
            handle, nil, mode == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE,
            &logPages, &movedPages)
        // A reader in the way is no fault: the next checkpoint goes on.
        guard code == SQLITE_OK || (mode == .passive && code & 0xFF == SQLITE_BUSY) else { throw fault(code) }
        guard code == SQLITE_OK else { return false }
        log.didMove(max(0, Int(movedPages)), of: max(0, Int(logPages)))
        return true
    }

    /// Another connection moved so many of the log's pages.
    func noteMoved(pages: Int) {
        log.didMove(min(pages, log.pages), of: log.pages)
    }

    /// Has the system write the database file itself, whatever `synchronous` says.
    func syncDatabaseFile() throws(JournalError) {
        let (file, methods) = try self.file(SQLITE_FCNTL_FILE_POINTER)
        let code = methods.xSync(file, SQLITE_SYNC_NORMAL)
        if code != SQLITE_OK { throw fault(code) }
    }

    /// Lengthens the log's file with zeros when less than half a step is left in it; what fails is left undone. A commit that
    /// lengthens the file makes the disk write its length as well (200 us instead of 110 for four pages); zeros at the end of a
    /// log are no frames to SQLite. For the writer, between transactions.
    func reserveLog(step: Int) {
        let usedBytes = log.pages * Self.frameBytes
        guard usedBytes + step / 2 > log.reservedBytes, let (file, methods) = try? file(SQLITE_FCNTL_JOURNAL_POINTER)
        else {
            return
        }
        var size: sqlite3_int64 = 0
        guard methods.xFileSize(file, &size) == SQLITE_OK else { return }
        if usedBytes + step / 2 > Int(size) {
            let zeros = Self.zeros
            let end = size + sqlite3_int64(step)
            for offset in stride(from: size, to: end, by: zeros.count) {
                guard methods.xWrite(file, zeros, Int32(zeros.count), offset) == SQLITE_OK else {
                    // Room that is left belongs to what there is to store.
                    _ = methods.xTruncate(file, size)
                    return
                }
            }
            size = end
        }
        log.reservedBytes = Int(size)
    }

    /// Cuts what lies behind the last frame off the log's file: on a full disk the database needs that room. For the writer,
    /// between transactions.
    func giveBackReserve() {
        guard let (file, methods) = try? file(SQLITE_FCNTL_JOURNAL_POINTER) else { return }
        var size: sqlite3_int64 = 0
        let end = sqlite3_int64(Self.logHeaderBytes + log.pages * Self.frameBytes)
        guard methods.xFileSize(file, &size) == SQLITE_OK, size > end else { return }
        if methods.xTruncate(file, end) == SQLITE_OK { log.reservedBytes = Int(end) }
    }

    private static let zeros = [UInt8](repeating: 0, count: 64 << 10)
    private static let logHeaderBytes = 32
    /// A page and its head in the log.
    static let frameBytes = 4096 + 24

    private typealias FileMethods = (
        xSync: @convention(c) (UnsafeMutablePointer<sqlite3_file>?, Int32) -> Int32,
        xFileSize: @convention(c) (UnsafeMutablePointer<sqlite3_file>?, UnsafeMutablePointer<sqlite3_int64>?) -> Int32,
        xWrite: @convention(c) (UnsafeMutablePointer<sqlite3_file>?, UnsafeRawPointer?, Int32, sqlite3_int64) -> Int32,
        xTruncate: @convention(c) (UnsafeMutablePointer<sqlite3_file>?, sqlite3_int64) -> Int32
    )

    /// One of the connection's files, as SQLite's own layer for the system gives it.
    private func file(
        _ operation: Int32
    ) throws(JournalError) -> (UnsafeMutablePointer<sqlite3_file>, FileMethods) {
        guard let handle else { throw Self.closed }
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = sqlite3_file_control(handle, "main", operation, &file)
        guard code == SQLITE_OK, let file, let methods = file.pointee.pMethods?.pointee, let sync = methods.xSync,
            let size = methods.xFileSize, let write = methods.xWrite, let truncate = methods.xTruncate
        else { throw fault(code) }
        return (file, (sync, size, write, truncate))
    }
}
