// How many events there are, told by a row that is not written for new ones alone: the count holds whatever came and went, for every
// reader, and after every end.

import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJournalSQLite

@Suite struct EventCountTests {
    private func rowAboutTheStore(_ store: SQLiteStore) throws -> [Int64] {
        try ["events", "last_position"].map { try store.connection.number("SELECT \($0) FROM store_state") }
    }

    private func eventsFound(_ store: SQLiteStore) throws -> Int64 {
        try store.connection.number("SELECT count(*) FROM events")
    }

    @Test func newEventsAloneDoNotWriteTheRowAboutTheStore() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            try store.commit([.insertJob(makeJob(1, "j"))] + makeEvents(1, 1...3))
            let row = try rowAboutTheStore(store)
            #expect(row == [3, 3])
            let pages = store.connection.log.pages
            try store.commit(makeEvents(1, 4...8))
            #expect(store.connection.log.pages == pages + 2, "the events and their index")
            #expect(try rowAboutTheStore(store) == row)
            #expect(try store.statistics().events == 8)
            #expect(try store.makeReader().statistics().events == 8)
            store.close()
            let again = try SQLiteStore(path: directory.journal, synchronous: .off)
            #expect(try again.statistics().events == 8)
            again.close()
        }
    }

    @Test func positionsThatAreFreeAgainAreNotCountedTwice() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .full)
            try store.commit([.insertJob(makeJob(1, "old")), .insertJob(makeJob(2, "new"))] + makeEvents(1, 1...3))
            try store.commit(makeEvents(2, 1...4))
            // The newest go: their positions are given again.
            try store.commit([.removeJob(LogRef(2))])
            #expect(try store.statistics().events == 3)
            try store.commit(makeEvents(1, 4...5))
            #expect(try store.statistics().events == 5)
            // Comes and goes in one batch with what stays.
            try store.commit(makeEvents(1, 6...9) + [.trim(LogRef(1), through: 6)])
            #expect(try store.statistics().events == 3)
            try store.commit(makeEvents(1, 10...10))
            // The copy is what a killed process leaves behind.
            let copy = try SQLiteStore(path: directory.copyJournal(as: "copy"), synchronous: .full)
            #expect(try copy.statistics().events == 4)
            #expect(try eventsFound(copy) == 4)
            copy.close()
            store.close()
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func whateverCameAndWentTheCountIsThatOfTheRows(_ seed: UInt64) throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            var batches = RandomBatches(random: SeededRandom(seed: seed))
            var model = JournalModel()
            for _ in 0..<120 {
                let batch = batches.next(model)
                try store.commit(batch)
                model.apply(batch)
                #expect(try store.statistics().events == eventsFound(store), "seed \(seed)")
            }
            store.close()
        }
    }
}
