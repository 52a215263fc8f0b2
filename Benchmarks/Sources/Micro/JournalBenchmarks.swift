// The stores: appending in batches of one and of a hundred, and reading back. SQLite as the server opens it, FULL sync.

import Measuring
import MillstreamJSON
import MillstreamJournal
import MillstreamJournalSQLite

enum JournalBenchmarks {
    static let all = [memory, sqliteBatch, sqliteSingle, sqliteManyLogs, reading]

    /// The database's pages fill, and its own version decides when it writes and allocates what.
    static let database = Tolerance(share: 0.1, because: "another SQLite splits pages and allocates in another way")

    private static let memory = Benchmark("journal-memory-100", per: "event", operations: 10_000) {
        let store = MemoryStore(maxBytes: 1 << 30)
        var last: Int64 = 0
        return { meter in try append(to: store, batches: 100, events: 100, &last, meter) }
    }

    private static let sqliteBatch = Benchmark(
        "journal-sqlite-100", per: "event", operations: 2_000, tolerance: database
    ) {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path("journal.sqlite"))
        var last: Int64 = 0
        return { meter in
            try append(to: store, batches: 20, events: 100, &last, meter)
            withExtendedLifetime(folder) {}
        }
    }

    private static let sqliteSingle = Benchmark(
        "journal-sqlite-1", per: "event", operations: 50, tolerance: database
    ) {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path("journal.sqlite"))
        var last: Int64 = 0
        return { meter in
            try append(to: store, batches: 50, events: 1, &last, meter)
            withExtendedLifetime(folder) {}
        }
    }

    /// An event to each of 500 logs in one batch: each row has another place in the table.
    private static let sqliteManyLogs = Benchmark(
        "journal-sqlite-logs", per: "event", operations: 5_000, tolerance: database
    ) {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path("journal.sqlite"))
        var last: Int64 = 0
        return { meter in
            for _ in 0..<10 {
                last += 1
                let event = Text.events(from: last, count: 1)[0]
                let batch = (1...500).map { JournalMutation.append(LogRef($0), event, nil) }
                try meter.count { try store.commit(batch) }
            }
            withExtendedLifetime(folder) {}
        }
    }

    private static let reading = Benchmark(
        "journal-sqlite-read", per: "event", operations: 10_000, tolerance: database
    ) {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path("journal.sqlite"))
        var last: Int64 = 0
        try append(to: store, batches: 1, events: 1_000, &last, Meter())
        let reader = try store.makeReader()
        return { meter in
            for page in 0..<100 {
                let after = Int64(page % 10) * 100
                let events = try meter.count {
                    try reader.events(of: LogRef(1), after: after, limit: 100, maxBytes: 1 << 20)
                }
                precondition(events.count == 100, "the page is full")
            }
            withExtendedLifetime((folder, store)) {}
        }
    }

    private static func append(
        to store: any JournalStore, batches: Int, events: Int, _ last: inout Int64, _ meter: Meter
    ) throws {
        for _ in 0..<batches {
            let batch = Text.events(from: last + 1, count: events).map {
                JournalMutation.append(LogRef(1), $0, nil)
            }
            last += Int64(events)
            try meter.count { try store.commit(batch) }
        }
    }
}
