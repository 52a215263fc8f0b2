// Long logs go in pieces: hidden at once, deleted by and by, also over a restart.

import MillstreamJournal
import Testing

@testable import MillstreamJournalSQLite

@Suite struct RemovalTests {
    private func fill(_ store: SQLiteStore, events: Int64) throws {
        // Long enough for a row of its own.
        let input = "\"" + String(repeating: "x", count: 300) + "\""
        try store.commit(
            [.insertJob(makeJob(1, "j", input: input)), .putIdempotency(makeKey("k", ref: 1))]
                + (1...events).map {
                    .append(LogRef(1), makeEvent($0), Publication(attempt: 1, sequence: $0))
                }
                + (1...3000).map {
                    .appendMessage(LogRef(1), MessageRecord(number: $0, body: json("1"), time: time(1)))
                })
    }

    private func rows(_ store: SQLiteStore) throws -> Int64 {
        var rows: Int64 = 0
        for table in ["events", "publications", "messages", "inputs", "results", "removals"] {
            rows += try store.connection.number("SELECT count(*) FROM \(table)")
        }
        return rows
    }

    @Test func aLongLogIsHiddenAtOnceAndDeletedInPieces() throws {
        try TemporaryDirectory.with { directory in
            var store = try SQLiteStore(path: directory.journal, synchronous: .off)
            try fill(store, events: 5000)
            try store.commit([.removeJob(LogRef(1)), .insertJob(makeJob(2, "other"))])
            func expectGone() throws {
                #expect(try store.allEvents(1) == [])
                #expect(try store.firstEvent(of: LogRef(1)) == nil)
                #expect(try store.lastSequence(of: LogRef(1), olderThan: time(.max)) == nil)
                #expect(try store.messages(of: LogRef(1), after: 0, limit: 9) == [])
                #expect(try store.sequence(of: Publication(attempt: 1, sequence: 4000), in: LogRef(1)) == nil)
            }
            try expectGone()
            var left = try rows(store)
            #expect(left > 9000)
            #expect(try store.maintain())
            store.close()
            store = try SQLiteStore(path: directory.journal, synchronous: .off)
            try expectGone()
            var calls = 0
            while try store.maintain() {
                let now = try rows(store)
                #expect(left - now <= 2 * 2003)
                left = now
                calls += 1
                try #require(calls < 20)
            }
            #expect(try rows(store) == 0)
            #expect(try store.statistics().events == 0)
            store.close()
        }
    }

    @Test func aLongTrimIsHiddenAtOnceAndGrowsWithTheNext() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            try fill(store, events: 9000)
            try store.commit([.trim(LogRef(1), through: 4000)])
            #expect(try store.firstEvent(of: LogRef(1))?.sequence == 4001)
            #expect(try store.lastSequence(of: LogRef(1), olderThan: time(45_000)) == 4499)
            #expect(try store.maintain())
            try store.commit([.trim(LogRef(1), through: 8000)] + makeEvents(1, 9001...9001))
            #expect(try store.allEvents(1).map(\.sequence) == Array(8001...9001))
            while try store.maintain() {}
            #expect(try store.allEvents(1).map(\.sequence) == Array(8001...9001))
            #expect(try store.statistics().events == 1001)
            #expect(try store.sequence(of: Publication(attempt: 1, sequence: 5), in: LogRef(1)) == 5)
            store.close()
        }
    }

    /// Maintenance comes rarely under a load: whoever adds deletes.
    @Test func noLoadLeavesMoreRowsThanItTakesAway() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            let size: Int64 = 3000
            try store.commit([.insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b"))])
            for round in Int64(0)..<6 {
                let added = [1, 2].flatMap { makeEvents($0, round * size + 1...(round + 1) * size) }
                try store.commit(added + [1, 2].map { .trim(LogRef($0), through: round * size) })
                #expect(try rows(store, of: "events") == 2 * size)
            }
            store.close()
        }
    }

    /// A batch that adds little leaves a long log to those after it, each of which deletes for what it adds.
    @Test func whatIsLeftGoesWithWhatIsAdded() throws {
        try TemporaryDirectory.with { directory in
            var store = try SQLiteStore(path: directory.journal, synchronous: .off)
            try store.commit([.insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b"))] + makeEvents(1, 1...9000))
            try store.commit([.trim(LogRef(1), through: 8990)])
            #expect(try rows(store, of: "events") == 8000)
            store.close()
            store = try SQLiteStore(path: directory.journal, synchronous: .off)
            var last: Int64 = 0
            while try rows(store, of: "removals") > 0 {
                let before = try rows(store, of: "events")
                try store.commit(makeEvents(2, last + 1...last + 100))
                last += 100
                #expect(try rows(store, of: "events") >= before + 100 - 2 * 200)
                try #require(last <= 5000)
            }
            #expect(try store.allEvents(1).map(\.sequence) == Array(8991...9000))
            #expect(try store.allEvents(2).count == Int(last))
            #expect(try store.statistics().events == 10 + last)
            store.close()
        }
    }

    private func rows(_ store: SQLiteStore, of table: String) throws -> Int64 {
        try store.connection.number("SELECT count(*) FROM \(table)")
    }

    @Test func manyExpiredKeysGoInPieces() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            try store.commit((0..<5000).map { .putIdempotency(makeKey("k\($0)", ref: 1, at: $0)) })
            try store.commit([.expireIdempotency(before: time(4500))])
            #expect(try store.idempotency("k0") == nil)
            while try store.maintain() {}
            #expect(try store.connection.number("SELECT count(*) FROM idempotency") == 500)
            #expect(try store.idempotency("k4500") != nil)
            store.close()
        }
    }

    @Test func theWriteAheadLogStaysBounded() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            let data = "\"" + String(repeating: "x", count: 100_000) + "\""
            var largest: Int64 = 0
            for sequence in Int64(1)...1500 {
                try store.commit([.append(LogRef(1), makeEvent(sequence, data: data), nil)])
                largest = max(largest, try walBytes(store))
            }
            #expect(largest < 80 << 20)
            // The round that is under way may be an old one: the next one moves what came meanwhile.
            store.logMover.finish()
            #expect(try !store.maintain())
            store.logMover.finish()
            for sequence in Int64(1501)...1900 {
                try store.commit([.append(LogRef(1), makeEvent(sequence, data: data), nil)])
                store.logMover.finish()
                #expect(store.connection.walPages * 4096 < 21 << 20)
            }
            store.close()
        }
    }

    private func walBytes(_ store: SQLiteStore) throws -> Int64 {
        let pages = try store.connection.number("PRAGMA page_count")
        return try store.statistics().fileBytes - pages * 4096 + (Int64(1) << 20)
    }
}
