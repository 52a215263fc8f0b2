// Events, messages and outside numbers of one log. Rows that a removal has not deleted yet are not there for readers.

import MillstreamJSON
import MillstreamJournal

extension SQLiteReader {
    /// The number up to which the events of log ?1 are removed.
    static let removedThrough = "ifnull((SELECT through FROM removals WHERE removals.ref = ?1), 0)"
    /// The log of a removed job or channel, whatever number it would have had.
    static let wholeLog = Int64.max

    public func events(
        of ref: LogRef, after: Int64, limit: Int, maxBytes: Int
    ) throws(JournalError) -> [EventRecord] {
        let row = try connection.statement(
            """
            SELECT seq, name, data, time FROM events WHERE ref = ?1 AND seq > max(?2, \(Self.removedThrough))
            ORDER BY seq LIMIT ?3
            """)
        row.bind(1, ref)
        row.bind(2, after)
        row.bind(3, Int64(max(limit, 0)))
        var bytes = 0
        var last = after
        return try row.rows { () throws(JournalError) in
            guard bytes == 0 || bytes < maxBytes else { return nil }
            last = try Self.ascending(row.int64(0), after: last, "the events of log \(ref.number)")
            // Counts an empty text, too (damage): the loop must see that it has an event.
            bytes += max(row.byteCount(2), 1)
            return Self.event(row)
        }
    }

    /// In a damaged file an index can lead anywhere: whoever asks for what is behind the last one must not be led in a circle.
    static func ascending(
        _ number: Int64, after last: Int64, _ rows: @autoclosure () -> String
    ) throws(JournalError) -> Int64 {
        guard number > last else { throw JournalError(.damaged, "\(rows()) are out of order at \(number)") }
        return number
    }

    public func firstEvent(of ref: LogRef) throws(JournalError) -> EventRecord? {
        try events(of: ref, after: 0, limit: 1, maxBytes: 1).first
    }

    public func lastSequence(of ref: LogRef, olderThan time: Timestamp) throws(JournalError) -> Int64? {
        guard let first = try firstEvent(of: ref), first.time < time else { return nil }
        // Halving: a log's times do not decrease, but for a clock that was set back. An index on times would cost each event
        // what this costs each sweep.
        var low = first.sequence
        var high = try highestSequence(of: ref)
        while low < high {
            let middle = high - (high - low) / 2
            if try self.time(of: middle, in: ref) < time { low = middle } else { high = middle - 1 }
        }
        return low
    }

    public func sequence(of publication: Publication, in ref: LogRef) throws(JournalError) -> Int64? {
        let row = try connection.statement(
            """
            SELECT seq FROM publications WHERE ref = ?1 AND attempt = ?2 AND sequence = ?3
                AND \(Self.removedThrough) < \(Self.wholeLog)
            """)
        row.bind(1, ref)
        row.bind(2, Int64(publication.attempt))
        row.bind(3, publication.sequence)
        return try row.first { row.int64(0) }
    }

    public func messages(of ref: LogRef, after number: Int, limit: Int) throws(JournalError) -> [MessageRecord] {
        let row = try connection.statement(
            """
            SELECT number, body, time FROM messages
            WHERE ref = ?1 AND number > ?2 AND \(Self.removedThrough) < \(Self.wholeLog) ORDER BY number LIMIT ?3
            """)
        row.bind(1, ref)
        row.bind(2, Int64(number))
        row.bind(3, Int64(max(limit, 0)))
        return try row.rows { MessageRecord(number: row.int(0), body: row.json(1), time: row.time(2)) }
    }

    private static func event(_ row: Statement) -> EventRecord {
        EventRecord(sequence: row.int64(0), name: row.text(1), data: row.json(2), time: row.time(3))
    }

    private func highestSequence(of ref: LogRef) throws(JournalError) -> Int64 {
        let row = try connection.statement("SELECT max(seq) FROM events WHERE ref = ?1")
        row.bind(1, ref)
        return try row.first { row.int64(0) } ?? 0
    }

    /// Of the event with that number, or the nearest before it.
    private func time(of sequence: Int64, in ref: LogRef) throws(JournalError) -> Timestamp {
        let row = try connection.statement(
            "SELECT time FROM events WHERE ref = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1")
        row.bind(1, ref)
        row.bind(2, sequence)
        return try row.first { row.time(0) } ?? Timestamp(milliseconds: 0)
    }
}
