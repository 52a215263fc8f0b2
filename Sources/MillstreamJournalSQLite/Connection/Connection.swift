// One connection to the database file and its prepared statements. Belongs to one thread at a time (SQLite's own mutexes are
// off). Knows nothing of jobs and events; turns each result code into a JournalError.

import CSQLite
import MillstreamJournal

final class Connection {
    let path: String
    private(set) var handle: OpaquePointer?
    /// By their text. The texts are a fixed set, so this is bounded.
    private var statements: [String: Statement] = [:]
    /// Also among the others. Each batch runs them, and a look-up hashes the text.
    private var bounds: (begin: Statement, commit: Statement)?
    /// What is in the write-ahead log, and how far it was moved: see Connection+Log.
    let log = LogExtent()

    enum Access {
        case create, write, read
    }

    /// Only a foreign program can hold a lock against us; longer than this it may not hold up the journal lane.
    private static let busyTimeoutMs: Int32 = 2000

    /// Once, before the first connection.
    private static let forgoStatistics: Void = { _ = millstream_sqlite_forgo_statistics() }()

    init(path: String, access: Access) throws(JournalError) {
        _ = Self.forgoStatistics
        // SQLite may be built to read names that begin with "file:" as URIs.
        self.path = path.hasPrefix("file:") ? "./" + path : path
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE
        if case .create = access { flags |= SQLITE_OPEN_CREATE }
        let code = sqlite3_open_v2(self.path, &handle, flags, nil)
        guard code == SQLITE_OK, handle != nil else {
            let error = fault(code)
            close()
            throw error
        }
        // SQLite opens what it may not write for reading, and fails later in ways that depend on what is left of a log.
        if access != .read, sqlite3_db_readonly(handle, "main") != 0 {
            close()
            throw JournalError(.readOnly, "\(path) may not be written")
        }
        setBusyTimeout(milliseconds: Self.busyTimeoutMs)
        // Damage is found before it is followed, and no expression of a foreign schema runs.
        try execute("PRAGMA cell_size_check = ON")
        try execute("PRAGMA trusted_schema = OFF")
        try execute("PRAGMA temp_store = MEMORY")
        // A mapped file that shrinks under the process would end it with SIGBUS.
        try execute("PRAGMA mmap_size = 0")
        if case .read = access { try execute("PRAGMA query_only = ON") }
    }

    deinit {
        close()
    }

    /// How long a call waits for a lock of another process.
    func setBusyTimeout(milliseconds: Int32) {
        guard let handle else { return }
        sqlite3_busy_timeout(handle, milliseconds)
    }

    var isOpen: Bool { handle != nil }

    /// Finalizes the statements and closes. Does nothing the second time.
    func close() {
        for statement in statements.values { statement.finalize() }
        statements.removeAll()
        bounds = nil
        sqlite3_close_v2(handle)
        handle = nil
    }

    // MARK: Statements

    /// The statement of that text, prepared at its first use and kept.
    func statement(_ sql: String) throws(JournalError) -> Statement {
        if let known = statements[sql] { return known }
        let statement = try prepare(sql, flags: SQLITE_PREPARE_PERSISTENT)
        statements[sql] = statement
        return statement
    }

    /// Runs statements that give no rows, or whose rows nobody wants. For what runs seldom: nothing is kept.
    func execute(_ sql: String) throws(JournalError) {
        guard let handle else { throw Self.closed }
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw fault(code) }
    }

    /// The first column of the first row, as a number; 0 without a row.
    func number(_ sql: String) throws(JournalError) -> Int64 {
        let statement = try prepare(sql, flags: 0)
        defer { statement.finalize() }
        return try statement.step() ? statement.int64(0) : 0
    }

    /// The first column of the first row, as text.
    func text(_ sql: String) throws(JournalError) -> String? {
        let statement = try prepare(sql, flags: 0)
        defer { statement.finalize() }
        return try statement.step() ? statement.optionalText(0) : nil
    }

    /// Texts of the statements prepared so far; tests look at their query plans.
    var preparedTexts: [String] { statements.keys.sorted() }

    private func prepare(_ sql: String, flags: Int32) throws(JournalError) -> Statement {
        guard let handle else { throw Self.closed }
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(flags), &pointer, nil)
        guard code == SQLITE_OK, let pointer else { throw fault(code) }
        return Statement(pointer, on: self)
    }

    // MARK: Transactions

    /// Runs `body` in a transaction that has the write lock from its begin: all of it or nothing is stored.
    func transaction<Answer>(_ body: () throws(JournalError) -> Answer) throws(JournalError) -> Answer {
        let (begin, commit) = try transactionBounds()
        try begin.run()
        do throws(JournalError) {
            let answer = try body()
            try commit.run()
            return answer
        } catch {
            rollBack()
            throw error
        }
    }

    private func transactionBounds() throws(JournalError) -> (begin: Statement, commit: Statement) {
        if let bounds { return bounds }
        let made = (begin: try statement("BEGIN IMMEDIATE"), commit: try statement("COMMIT"))
        bounds = made
        return made
    }

    /// SQLite rolls back by itself after some faults (disk full, for one), and then refuses ROLLBACK.
    private func rollBack() {
        guard let handle, sqlite3_get_autocommit(handle) == 0 else { return }
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }

    /// Rows that the last statement changed.
    var changes: Int64 { handle.map { sqlite3_changes64($0) } ?? 0 }

    // MARK: Faults

    func fault(_ code: Int32) -> JournalError {
        // With SQLITE_OPEN_EXRESCODE the code is the extended one already.
        let message =
            handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? String(cString: sqlite3_errstr(code))
        return SQLiteFault.error(
            code: code, systemError: handle.map { Self.systemError($0, code) } ?? 0, message: message)
    }

    /// `errno` is kept from the last failed system call, which may have been another one; it counts only for faults of files.
    private static func systemError(_ handle: OpaquePointer, _ code: Int32) -> Int32 {
        switch code & 0xFF {
        case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_READONLY: sqlite3_system_errno(handle)
        default: 0
        }
    }

    static let closed = JournalError(.closed, "the journal is closed")
}
