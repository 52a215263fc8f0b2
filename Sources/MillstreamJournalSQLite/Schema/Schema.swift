// The versions of the database's layout and the way from each to the next. `PRAGMA user_version` holds how many steps were taken,
// each in a transaction of its own, so a start that is cut off goes on where it stood.

import MillstreamJournal

package struct Schema: Sendable {
    /// Step n leads from version n to version n + 1, as SQL. A step that was released is never changed.
    package let steps: [String]

    package init(steps: [String]) {
        self.steps = steps
    }

    package static let present = Schema(steps: [firstVersion, shortInputsWithTheirJobs, eventsCountedByPosition])

    /// A short input lies in its job's row: a table of its own cost a new job a fifth of what its rows cost. Inputs from before, and
    /// long ones, are in `inputs`.
    static let shortInputsWithTheirJobs = "ALTER TABLE jobs ADD COLUMN input BLOB"

    /// The row about the store holds how many events there were when it was last written, and the last one's position: see `StoreState`.
    static let eventsCountedByPosition = """
        ALTER TABLE store_state ADD COLUMN last_position INTEGER NOT NULL DEFAULT 0;
        UPDATE store_state SET last_position = (SELECT ifnull(max(position), 0) FROM events);
        """

    var version: Int64 { Int64(steps.count) }

    /// Brings the database to this version.
    ///
    /// `.newerSchema` when a newer program wrote it, `.damaged` when it is somebody else's database.
    func migrate(_ connection: Connection) throws(JournalError) {
        while try storedVersion(connection) < version {
            try connection.transaction { () throws(JournalError) in
                // Read again: the first look was without the lock.
                let stored = try storedVersion(connection)
                guard stored < version else { return }
                try connection.execute(steps[Int(stored)])
                try connection.execute("PRAGMA user_version = \(stored + 1)")
                try connection.execute("PRAGMA application_id = \(Self.applicationID)")
            }
        }
    }

    /// The same, for those who only look: an older version is refused, too.
    func requirePresent(_ connection: Connection) throws(JournalError) {
        let stored = try storedVersion(connection)
        guard stored == version else {
            throw JournalError(
                .damaged,
                "the journal has version \(stored), this program reads \(version): start the server once to migrate it")
        }
    }

    private func storedVersion(_ connection: Connection) throws(JournalError) -> Int64 {
        let stored = try connection.number("PRAGMA user_version")
        let owner = try connection.number("PRAGMA application_id")
        if stored == 0, owner == 0 {
            guard try connection.number("SELECT count(*) FROM sqlite_master") == 0 else { throw Self.foreign }
            return 0
        }
        guard owner == Self.applicationID, stored > 0 else { throw Self.foreign }
        guard stored <= version else {
            throw JournalError(
                .newerSchema, "the journal has version \(stored), this program knows versions up to \(version)")
        }
        return stored
    }

    private static let foreign = JournalError(.damaged, "the file is a database, but not a Millstream journal")
    /// "MLST" in ASCII: tells the file from any other database.
    private static let applicationID: Int64 = 0x4D4C_5354
}
