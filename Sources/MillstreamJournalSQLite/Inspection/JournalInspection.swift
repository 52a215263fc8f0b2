// What an operator may look at and do while no server has the journal open: sizes, a check, compaction, the content of a log.
// Runs on one thread, for as long as it takes; the caller holds the lock on the data directory. Repairs nothing.

import MillstreamJournal

/// A journal file under inspection. One thread. The file must exist and have the present version; it is not marked as opened.
public final class JournalInspection {
    /// For jobs, channels and events of the inspected journal.
    public let reader: SQLiteReader
    private let connection: Connection

    /// - Parameter path: of the journal file. Throws `.io` when there is none, `.damaged` when it is no journal, `.readOnly` when
    ///   it may not be written: reading takes a write-ahead log, too.
    public init(path: String) throws(JournalError) {
        connection = try Connection(path: path, access: .write)
        try Schema.present.requirePresent(connection)
        reader = SQLiteReader(connection, epochOverride: try StoreState.readRow(connection).epochOverride)
    }

    /// Whether the last run came to its `close()`.
    public var wasClean: Bool {
        get throws(JournalError) { try StoreState.readRow(connection).isClean }
    }

    public func statistics() throws(JournalError) -> JournalStatistics {
        try reader.statistics()
    }

    /// Reads the whole journal and reports what should not be: damage of the file, and rows that contradict each other. What the next start
    /// after a kill brings up by itself is none of it.
    ///
    /// Memory is bounded; time grows with the journal. Damage that stops the reading is itself a finding.
    /// - Parameters:
    ///   - maxFindings: after so many the check ends.
    ///   - report: called for each finding as it comes up.
    /// - Returns: the number of findings; 0 is a sound journal.
    @discardableResult
    public func check(
        maxFindings: Int = 100, _ report: @escaping (JournalFinding) -> Void
    ) throws(JournalError) -> Int {
        guard connection.isOpen else { throw Connection.closed }
        // A state that cannot be read excuses nothing.
        let check = JournalCheck(
            connection, reader, wasClean: (try? wasClean) ?? true, maxFindings: maxFindings, report)
        check.run()
        return check.findings
    }

    /// Rewrites the file without its free pages and empties the write-ahead log. Needs free space as large as the result.
    public func compact() throws(JournalError) {
        try connection.execute("VACUUM")
        try connection.checkpoint(.truncate)
    }

    /// Gives each event of a log, in order. Nothing for a log that is not there.
    public func dump(
        _ log: LogName, _ body: (EventRecord) throws(JournalError) -> Void
    ) throws(JournalError) {
        let ref: LogRef? =
            switch log {
            case .job(let id): try reader.job(id)?.ref
            case .channel(let name): try reader.channel(name)?.ref
            }
        guard let ref else { return }
        var last: Int64 = 0
        while true {
            let page = try reader.events(of: ref, after: last, limit: 500, maxBytes: 1 << 20)
            for event in page { try body(event) }
            guard let end = page.last?.sequence else { return }
            last = end
        }
    }

    /// Closes the file. The reader is of no use afterwards.
    public func close() {
        connection.close()
    }
}
