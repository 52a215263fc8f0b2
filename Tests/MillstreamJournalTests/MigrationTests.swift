// From version to version: the steps run once, in order, and what a newer program wrote is left alone.

import MillstreamJournal
import Testing

@testable import MillstreamJournalSQLite

@Suite struct MigrationTests {
    private static let second = Schema(
        steps: Schema.present.steps + ["ALTER TABLE jobs ADD COLUMN note TEXT; UPDATE jobs SET note = 'was ' || id"])

    @Test func anOlderJournalIsMigratedWithItsContent() throws {
        try TemporaryDirectory.with { directory in
            let old = try SQLiteStore(path: directory.journal)
            try old.commit([.insertJob(makeFullJob(1, "j"))] + makeEvents(1, 1...3))
            let before = try Observation(of: old)
            old.close()
            for _ in 0..<2 {
                let store = try SQLiteStore(
                    path: directory.journal, synchronous: .full, random: Generator(seed: 1), schema: Self.second)
                #expect(store.wasClean)
                #expect(try Observation(of: store) == before)
                #expect(try store.connection.text("SELECT note FROM jobs") == "was j")
                #expect(try store.connection.number("PRAGMA user_version") == 2)
                store.close()
            }
        }
    }

    @Test func aNewerJournalIsRefusedAndNotChanged() throws {
        try TemporaryDirectory.with { directory in
            let newer = try SQLiteStore(
                path: directory.journal, synchronous: .full, random: Generator(seed: 1), schema: Self.second)
            newer.close()
            for open in [
                { _ = try SQLiteStore(path: directory.journal) }, { _ = try SQLiteReader(path: directory.journal) },
                { _ = try JournalInspection(path: directory.journal) },
            ] {
                let error = #expect(throws: JournalError.self) { try open() }
                #expect(error?.code == .newerSchema)
            }
            let again = try SQLiteStore(
                path: directory.journal, synchronous: .full, random: Generator(seed: 1), schema: Self.second)
            #expect(again.wasClean)
            again.close()
        }
    }

    @Test func aStepThatFailsLeavesTheOldVersion() throws {
        try TemporaryDirectory.with { directory in
            let old = try SQLiteStore(path: directory.journal)
            try old.commit([.insertJob(makeJob(1, "j"))])
            old.close()
            let broken = Schema(
                steps: Schema.present.steps + ["ALTER TABLE jobs ADD COLUMN note TEXT; SELECT nonsense"])
            #expect(throws: JournalError.self) {
                _ = try SQLiteStore(
                    path: directory.journal, synchronous: .full, random: Generator(seed: 1), schema: broken)
            }
            let again = try SQLiteStore(path: directory.journal)
            #expect(try again.job(JobID("j")!) != nil)
            #expect(try again.connection.number("PRAGMA user_version") == 1)
            again.close()
        }
    }

    @Test func inspectionNeedsThePresentVersion() throws {
        try TemporaryDirectory.with { directory in
            let connection = try Connection(path: directory.journal, access: .create)
            connection.close()
            #expect(throws: JournalError.self) { _ = try JournalInspection(path: directory.journal) }
        }
    }
}
