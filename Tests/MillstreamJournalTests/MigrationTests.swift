// From version to version: the steps run once, in order, and what a newer program wrote is left alone.

import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJournalSQLite

@Suite struct MigrationTests {
    private static let next = Schema(
        steps: Schema.present.steps + ["ALTER TABLE jobs ADD COLUMN note TEXT; UPDATE jobs SET note = 'was ' || id"])

    @Test func anOlderJournalIsMigratedWithItsContent() throws {
        try TemporaryDirectory.with { directory in
            let old = try SQLiteStore(path: directory.journal)
            try old.commit([.insertJob(makeFullJob(1, "j"))] + makeEvents(1, 1...3))
            let before = try Observation(of: old)
            old.close()
            for _ in 0..<2 {
                let store = try SQLiteStore(
                    path: directory.journal, synchronous: .full, random: SeededRandom(seed: 1), schema: Self.next)
                #expect(store.wasClean)
                #expect(try Observation(of: store) == before)
                #expect(try store.connection.text("SELECT note FROM jobs") == "was j")
                #expect(try store.connection.number("PRAGMA user_version") == Self.next.version)
                store.close()
            }
        }
    }

    @Test func aJobOfTheFirstVersionHasItsInputAndGoesWithIt() throws {
        try TemporaryDirectory.with { directory in
            let old = try Connection(path: directory.journal, access: .create)
            try Schema(steps: [Schema.firstVersion]).migrate(old)
            try old.execute(
                """
                INSERT INTO jobs (
                    ref, id, kind, created_at, epoch, input_bytes, state, attempt, priority, queue_order, cancel_requested,
                    worker_sequence, message_count, last_seq, trimmed_through, log_bytes, revision)
                VALUES (1, 'j', 'demo', 1001, 'aaaaaa', 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
                INSERT INTO inputs VALUES (1, CAST('{"a":1}' AS BLOB));
                UPDATE store_state SET jobs = 1, highest_ref = 1;
                """)
            old.close()
            let store = try SQLiteStore(path: directory.journal)
            #expect(try store.job(ref: LogRef(1)) == makeJob(1, "j", input: #"{"a":1}"#))
            try store.commit([.insertJob(makeJob(2, "k", input: "[2]"))])
            #expect(try store.liveJobs(after: LogRef(0), limit: 9).map(\.input.text?.text) == [#"{"a":1}"#, "[2]"])
            #expect(try store.connection.number("SELECT count(*) FROM inputs") == 1)
            try store.commit([.removeJob(LogRef(1))])
            #expect(try store.connection.number("SELECT count(*) FROM inputs") == 0)
            store.close()
            let inspection = try JournalInspection(path: directory.journal)
            defer { inspection.close() }
            #expect(try inspection.check { Issue.record("\($0)") } == 0)
        }
    }

    @Test func eventsOfTheSecondVersionAreCountedWithThoseThatCome() throws {
        try TemporaryDirectory.with { directory in
            let old = try Connection(path: directory.journal, access: .create)
            try Schema(steps: [Schema.firstVersion, Schema.shortInputsWithTheirJobs]).migrate(old)
            try old.execute(
                """
                INSERT INTO channels VALUES (1, 'c', 'aaaaaa', 0, 5, 3, 4);
                INSERT INTO events VALUES (4, 1, 4, 'e', x'31', 0), (5, 1, 5, 'e', x'31', 0);
                UPDATE store_state SET channels = 1, events = 2, highest_ref = 1;
                """)
            old.close()
            let store = try SQLiteStore(path: directory.journal)
            #expect(try store.statistics().events == 2)
            try store.commit(makeEvents(1, 6...8))
            #expect(try store.statistics().events == 5)
            store.close()
        }
    }

    @Test func aNewerJournalIsRefusedAndNotChanged() throws {
        try TemporaryDirectory.with { directory in
            let newer = try SQLiteStore(
                path: directory.journal, synchronous: .full, random: SeededRandom(seed: 1), schema: Self.next)
            newer.close()
            for open in [
                { _ = try SQLiteStore(path: directory.journal) }, { _ = try SQLiteReader(path: directory.journal) },
                { _ = try JournalInspection(path: directory.journal) },
            ] {
                let error = #expect(throws: JournalError.self) { try open() }
                #expect(error?.code == .newerSchema)
            }
            let again = try SQLiteStore(
                path: directory.journal, synchronous: .full, random: SeededRandom(seed: 1), schema: Self.next)
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
                    path: directory.journal, synchronous: .full, random: SeededRandom(seed: 1), schema: broken)
            }
            let again = try SQLiteStore(path: directory.journal)
            #expect(try again.job(JobID("j")!) != nil)
            #expect(try again.connection.number("PRAGMA user_version") == Schema.present.version)
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
