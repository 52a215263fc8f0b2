// The single row about the store as a whole: numbers that must outlive their rows, counts that would cost a scan, and how the
// last run ended. A plain value; the writer changes its copy in a batch and stores it with the batch, unless
// events were added and nothing else.

import MillstreamJournal

/// How far a commit is pushed towards the disk before it returns; SQLite's words.
public enum Synchronous: Int64, Sendable, Hashable {
    /// Never waits for the disk. A power loss may damage the file.
    case off = 0
    /// Waits at checkpoints only. A power loss may take the last commits, never more.
    case normal = 1
    /// Each commit is on the disk when it returns.
    case full = 2
}

struct StoreState: Hashable, Sendable {
    /// False while a store is open, and after it was not closed.
    var isClean: Bool
    /// Of the run that has or had the store open.
    var synchronous: Synchronous
    var highestRef: Int64
    var highestQueueOrder: Int64
    var jobs: Int64
    /// New ones alone are no reason to write the row, which would be a page more in each commit. Their positions follow one another, so
    /// whoever reads the row adds those behind the position that it was written at.
    private(set) var events: Int64
    /// Of this run, not stored: a removal changes what positions tell, and so has the row written.
    private var removedEvents: Int64 = 0
    var channels: Int64
    /// After an unclean end commits may be lost, so all logs up to here have the epoch beside it instead of their own: one row
    /// changes, where a million would take seconds.
    var epochOverride: EpochOverride?

    struct EpochOverride: Hashable, Sendable {
        var through: Int64
        var epoch: Epoch
    }

    mutating func didAddEvents(_ count: Int64) { events += count }

    mutating func didRemoveEvents(_ count: Int64) {
        events -= count
        removedEvents += count
    }

    /// Whether the row that was written as `row` still says what is so.
    func isTold(by row: StoreState) -> Bool {
        var row = row
        row.events = events
        return self == row
    }

    /// The row with the events of now, which takes a look at the newest of them.
    static func read(_ connection: Connection) throws(JournalError) -> StoreState {
        try read(
            connection.statement(
                """
                SELECT clean, synchronous, highest_ref, highest_queue_order, jobs,
                    events + (SELECT ifnull(max(position), 0) FROM events) - last_position, channels, epoch_through, epoch
                FROM store_state WHERE id = 1
                """))
    }

    /// The row as it stands, with the events of the time when it was written: it can be read when events cannot.
    static func readRow(_ connection: Connection) throws(JournalError) -> StoreState {
        try read(
            connection.statement(
                """
                SELECT clean, synchronous, highest_ref, highest_queue_order, jobs, events, channels, epoch_through, epoch
                FROM store_state WHERE id = 1
                """))
    }

    private static func read(_ row: Statement) throws(JournalError) -> StoreState {
        let state = try row.first { () throws(JournalError) in
            let epoch = row.optionalText(8)
            let override = epoch.flatMap { Epoch($0) }.map { EpochOverride(through: row.int64(7), epoch: $0) }
            guard let synchronous = Synchronous(rawValue: row.int64(1)), (override == nil) == (epoch == nil) else {
                throw Self.unreadable
            }
            return StoreState(
                isClean: row.int64(0) == 1, synchronous: synchronous, highestRef: row.int64(2),
                highestQueueOrder: row.int64(3), jobs: row.int64(4), events: row.int64(5), channels: row.int64(6),
                epochOverride: override)
        }
        guard let state else { throw Self.unreadable }
        return state
    }

    func write(_ connection: Connection) throws(JournalError) {
        let row = try connection.statement(
            """
            UPDATE store_state SET clean = ?1, synchronous = ?2, highest_ref = ?3, highest_queue_order = ?4, jobs = ?5,
                events = ?6, channels = ?7, epoch_through = ?8, epoch = ?9,
                last_position = (SELECT ifnull(max(position), 0) FROM events)
            WHERE id = 1
            """)
        row.bind(1, isClean ? 1 : 0)
        row.bind(2, synchronous.rawValue)
        row.bind(3, highestRef)
        row.bind(4, highestQueueOrder)
        row.bind(5, jobs)
        row.bind(6, events)
        row.bind(7, channels)
        row.bind(8, epochOverride?.through ?? 0)
        row.bind(9, epochOverride?.epoch.text)
        try row.run()
    }

    private static let unreadable = JournalError(.damaged, "the row about the store cannot be read")
}
