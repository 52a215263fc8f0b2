// A job's life in the ledger: created, started, events, finished. First the ledger alone, then with the SQLite store and the loop's
// read model, in batches as the journal lane makes them when it is busy.

import Measuring
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamJournalSQLite

enum LedgerBenchmarks {
    static let all = [create, emit, finish, publish, wholeJob]

    private static let create = Benchmark("ledger-create", per: "job", operations: 1_000) {
        let office = Office(store: MemoryStore(maxBytes: 1 << 20))
        return { meter in
            for _ in 0..<10 {
                let runs = try office.create(100, meter)
                try office.finish(runs, Meter.off)
            }
        }
    }

    private static let emit = Benchmark("ledger-emit", per: "event", operations: 10_000) {
        let office = Office(store: MemoryStore(maxBytes: 1 << 20))
        let runs = try office.create(100, Meter.off)
        return { meter in
            for _ in 0..<100 { try office.emit(to: runs, meter) }
        }
    }

    private static let finish = Benchmark("ledger-finish", per: "job", operations: 1_000) {
        let office = Office(store: MemoryStore(maxBytes: 1 << 20))
        return { meter in
            for _ in 0..<10 {
                let runs = try office.create(100, Meter.off)
                try office.finish(runs, meter)
            }
        }
    }

    /// Events of a worker to 100 channels.
    private static let publish = Benchmark("ledger-channels", per: "event", operations: 10_000) {
        let office = Office(store: MemoryStore(maxBytes: 1 << 20))
        let commands = (1...100).map { number in
            LedgerCommand.emitToChannel(
                "channel-\(number)-of-the-benchmark", DraftEvent(name: "message", data: JSONText(trusted: Text.data)))
        }
        return { meter in
            for _ in 0..<100 { try office.apply(commands, meter) }
        }
    }

    /// Created, 13 events, finished; committed to SQLite and told to the directory.
    private static let wholeJob = Benchmark(
        "job-sqlite", per: "job", operations: 200, tolerance: JournalBenchmarks.database
    ) {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path("journal.sqlite"))
        let office = Office(store: store, commits: true)
        return { meter in
            for _ in 0..<2 {
                let runs = try office.create(100, meter)
                for _ in 0..<13 { try office.emit(to: runs, meter) }
                try office.finish(runs, meter)
            }
            withExtendedLifetime(folder) {}
        }
    }
}

extension Meter {
    /// For what is to happen and not to be counted.
    fileprivate static var off: Meter? { nil }
}

/// A ledger with what stands around it on the journal lane.
private final class Office {
    private let store: any JournalStore
    private let commits: Bool
    private let ledger: JobLedger
    private let directory = JobDirectory(maxEndedJobs: 100)
    private let now = LedgerTime(wall: Text.time, monotonicMs: 1_000)

    init(store: any JournalStore, commits: Bool = false) {
        self.store = store
        self.commits = commits
        ledger = JobLedger(
            kinds: [JobKind(name: "demo.steps", worker: .swift, concurrency: 10_000)], store: store,
            random: Text.Generator(seed: 1))
    }

    func create(_ count: Int, _ meter: Meter?) throws -> [JobRun] {
        let job = NewJob(kind: "demo.steps", input: JSONText(trusted: Text.data))
        let outcome = try apply([LedgerCommand](repeating: .create(job), count: count), meter)
        let runs = outcome.directives.compactMap { directive in
            if case .start(let assignment) = directive { assignment.run } else { nil }
        }
        precondition(runs.count == count, "every job starts at once")
        return runs
    }

    func emit(to runs: [JobRun], _ meter: Meter?) throws {
        let event = DraftEvent(name: "step", data: JSONText(trusted: Text.data))
        try apply(runs.map { .emit($0, event) }, meter)
    }

    func finish(_ runs: [JobRun], _ meter: Meter?) throws {
        try apply(runs.map { .finish($0, .completed(JSONText.emptyObject)) }, meter)
    }

    /// One batch.
    @discardableResult
    func apply(_ commands: [LedgerCommand], _ meter: Meter?) throws -> LedgerOutcome {
        guard let meter else { return try batch(commands) }
        return try meter.count { try batch(commands) }
    }

    private func batch(_ commands: [LedgerCommand]) throws -> LedgerOutcome {
        for command in commands { _ = try ledger.apply(command, now: now) }
        try ledger.advance(now)
        let outcome = ledger.takeOutcome()
        guard commits else {
            ledger.didCommit()
            return outcome
        }
        try store.commit(outcome.mutations)
        ledger.didCommit()
        for notice in outcome.notices { directory.apply(notice) }
        return outcome
    }
}
