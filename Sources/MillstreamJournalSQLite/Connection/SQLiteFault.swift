// The one table from SQLite's result codes to the journal's faults.

import CSQLite
import Glibc
import MillstreamJournal

enum SQLiteFault {
    /// - Parameters:
    ///   - code: the extended result code.
    ///   - systemError: `errno` of the system call that failed, 0 when none did.
    static func error(code: Int32, systemError: Int32, message: String) -> JournalError {
        let text = systemError == 0 ? message : "\(message) (\(String(cString: strerror(systemError))))"
        return JournalError(self.code(code, systemError: systemError), text)
    }

    private static func code(_ code: Int32, systemError: Int32) -> JournalError.Code {
        switch code & 0xFF {
        case SQLITE_FULL: .full
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readOnly
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .locked
        case SQLITE_IOERR, SQLITE_CANTOPEN: self.code(ofSystemError: systemError)
        case SQLITE_MISUSE: .closed
        case SQLITE_NOMEM, SQLITE_TOOBIG, SQLITE_INTERRUPT, SQLITE_NOLFS: .io
        // CORRUPT and NOTADB, and what only a damaged schema or a batch that contradicts the content can cause: ERROR (no such
        // table), CONSTRAINT, MISMATCH, SCHEMA.
        default: .damaged
        }
    }

    private static func code(ofSystemError systemError: Int32) -> JournalError.Code {
        switch systemError {
        case ENOSPC, EDQUOT: .full
        case EROFS, EACCES, EPERM: .readOnly
        default: .io
        }
    }
}
