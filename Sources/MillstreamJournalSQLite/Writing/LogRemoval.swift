// Takes the rows of removed logs away in pieces, so that no transaction takes long because a log was. What is not deleted at once
// is written to `removals`; from then on readers do not see it.

import MillstreamJournal

struct LogRemoval {
    /// What one piece deleted.
    struct Piece {
        var rows = 0
        var events: Int64 = 0
        /// Nothing is left of what was to be removed.
        var isLast = false
    }

    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Deletes at most `maxRows` rows of a log, inside the caller's transaction: events up to a number, or (with
    /// `SQLiteReader.wholeLog`) all that the job had.
    func deletePiece(of ref: LogRef, through sequence: Int64, maxRows: Int) throws(JournalError) -> Piece {
        var piece = Piece()
        guard maxRows > 0 else { return piece }
        let events = try deleteEvents(of: ref, through: sequence, maxRows: maxRows)
        piece.events = Int64(events)
        piece.rows = events
        guard piece.rows < maxRows else { return piece }
        if sequence == SQLiteReader.wholeLog {
            for sql in [Self.publications, Self.messages] {
                piece.rows += try delete(sql, ref, maxRows - piece.rows)
                guard piece.rows < maxRows else { return piece }
            }
            for sql in ["DELETE FROM inputs WHERE ref = ?1", "DELETE FROM results WHERE ref = ?1"] {
                piece.rows += try delete(sql, ref, nil)
            }
        }
        piece.isLast = true
        return piece
    }

    /// Notes what is still to be deleted.
    func leave(_ ref: LogRef, through sequence: Int64) throws(JournalError) {
        let row = try connection.statement(
            """
            INSERT INTO removals (ref, through) VALUES (?1, ?2)
            ON CONFLICT (ref) DO UPDATE SET through = max(through, excluded.through)
            """)
        row.bind(1, ref)
        row.bind(2, sequence)
        try row.run()
    }

    func hasLeft() throws(JournalError) -> Bool { try next() != nil }

    /// A removal that was left.
    private func next() throws(JournalError) -> (ref: LogRef, through: Int64)? {
        let row = try connection.statement("SELECT ref, through FROM removals ORDER BY ref LIMIT 1")
        return try row.first { (row.ref(0), row.int64(1)) }
    }

    /// Deletes at most so many rows of what was left, the row about a removal counted as well: logs without rows must end a piece, too.
    func deleteLeft(maxRows: Int) throws(JournalError) -> Piece {
        var done = Piece()
        while done.rows < maxRows {
            guard let (ref, sequence) = try next() else {
                done.isLast = true
                break
            }
            let piece = try deletePiece(of: ref, through: sequence, maxRows: maxRows - done.rows)
            if piece.isLast { try forget(ref) }
            done.events += piece.events
            done.rows += piece.rows + 1
        }
        return done
    }

    /// Forgets a removal that is done.
    private func forget(_ ref: LogRef) throws(JournalError) {
        _ = try delete("DELETE FROM removals WHERE ref = ?1", ref, nil)
    }

    private func deleteEvents(of ref: LogRef, through sequence: Int64, maxRows: Int) throws(JournalError) -> Int {
        let row = try connection.statement(
            """
            DELETE FROM events WHERE ref = ?1 AND seq <= (
                SELECT max(seq) FROM (SELECT seq FROM events WHERE ref = ?1 AND seq <= ?3 ORDER BY seq LIMIT ?2))
            """)
        row.bind(3, sequence)
        return try run(row, ref, maxRows)
    }

    private func delete(_ sql: String, _ ref: LogRef, _ maxRows: Int?) throws(JournalError) -> Int {
        try run(try connection.statement(sql), ref, maxRows)
    }

    private func run(_ row: Statement, _ ref: LogRef, _ maxRows: Int?) throws(JournalError) -> Int {
        row.bind(1, ref)
        if let maxRows { row.bind(2, Int64(max(maxRows, 0))) }
        try row.run()
        return Int(connection.changes)
    }

    private static let publications = """
        DELETE FROM publications WHERE ref = ?1 AND (attempt, sequence) IN (
            SELECT attempt, sequence FROM publications WHERE ref = ?1 ORDER BY attempt, sequence LIMIT ?2)
        """
    private static let messages = """
        DELETE FROM messages WHERE ref = ?1 AND number IN (
            SELECT number FROM messages WHERE ref = ?1 ORDER BY number LIMIT ?2)
        """
}

/// The same for idempotency keys, whose age is all that ends them.
enum IdempotencyExpiry {
    static func deletePiece(_ connection: Connection, before time: Timestamp, maxRows: Int) throws(JournalError) -> Int
    {
        let row = try connection.statement(
            """
            DELETE FROM idempotency WHERE key IN (
                SELECT key FROM idempotency INDEXED BY idempotency_by_time WHERE created_at < ?1
                ORDER BY created_at LIMIT ?2)
            """)
        row.bind(1, time)
        row.bind(2, Int64(max(maxRows, 0)))
        try row.run()
        return Int(connection.changes)
    }
}
