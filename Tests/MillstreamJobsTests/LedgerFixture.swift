// A ledger on a virtual clock with a store that can fail, a directory that is told of its commits, and a witness that checks
// what must hold of every committed batch. One test owns one fixture.

import MillstreamJSON
import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJobs

final class LedgerFixture {
    let store = FaultyStore()
    let limits: LedgerLimits
    let retention: RetentionPolicy
    var kinds: [JobKind]
    private(set) var ledger: JobLedger
    private(set) var directory = JobDirectory(maxEndedJobs: 100)
    var witness: CommitWitness
    var now = LedgerTime(wall: Timestamp(milliseconds: 1_800_000_000_000), monotonicMs: 5000)
    private var seed: UInt64
    /// Bounds that were reached in batches that were stored.
    private(set) var reached: [LedgerBound: Int] = [:]

    init(
        kinds: [JobKind] = [.swift("k")], limits: LedgerLimits = LedgerLimits(),
        retention: RetentionPolicy = RetentionPolicy(), seed: UInt64 = 1
    ) {
        self.kinds = kinds
        self.limits = limits
        self.retention = retention
        self.seed = seed
        witness = CommitWitness(kinds: kinds)
        ledger = JobLedger(
            kinds: kinds, limits: limits, retention: retention, store: store, random: SeededRandom(seed: seed))
    }

    // MARK: Batches

    /// One batch: commands, `advance`, commit.
    @discardableResult
    func run(_ commands: LedgerCommand...) throws -> [LedgerReply?] { try run(commands) }

    @discardableResult
    func run(_ commands: [LedgerCommand]) throws -> [LedgerReply?] {
        var replies: [LedgerReply?] = []
        for command in commands { replies.append(try ledger.apply(command, now: now)) }
        try ledger.advance(now)
        try commit()
        return replies
    }

    func commit() throws { try commit(ledger.takeOutcome()) }

    private func commit(_ outcome: LedgerOutcome) throws {
        #expect(ledger.inconsistencies() == [])
        do {
            try store.commit(outcome.mutations)
        } catch {
            ledger.rollBack()
            throw error
        }
        ledger.didCommit()
        witness.see(outcome)
        reached.merge(outcome.reached) { $0 + $1 }
        for notice in outcome.notices { directory.apply(notice) }
    }

    func pass(_ milliseconds: Int64) {
        now.wall = Timestamp(milliseconds: now.wall.milliseconds + milliseconds)
        now.monotonicMs += milliseconds
    }

    /// Time goes on, deadline by deadline, with a batch at each.
    func advance(by milliseconds: Int64) throws {
        let end = now.monotonicMs + milliseconds
        while let next = ledger.nextDeadlineMs, next <= end {
            pass(max(0, next - now.monotonicMs))
            try run([])
        }
        pass(end - now.monotonicMs)
    }

    /// One round of retention.
    func sweep() throws {
        while true {
            let hasMore = try ledger.sweep(now)
            try commit()
            guard hasMore else { return }
        }
    }

    /// The process is gone and another one starts: only the store is left. The monotonic clock begins anew.
    func crash() throws {
        seed += 1
        now.monotonicMs = 100
        ledger = JobLedger(
            kinds: kinds, limits: limits, retention: retention, store: store, random: SeededRandom(seed: seed))
        directory = JobDirectory(maxEndedJobs: 100)
        witness.serverCrashed()
        try commit(ledger.recover(now))
    }

    // MARK: Short ways

    func create(_ kind: String = "k", _ configure: (inout NewJob) -> Void = { _ in }) throws -> JobRecord {
        guard case .job(let record, true) = try run(.create(newJob(kind, configure)))[0] else {
            throw Unexpected()
        }
        return record
    }

    func newJob(_ kind: String = "k", _ configure: (inout NewJob) -> Void = { _ in }) -> NewJob {
        var job = NewJob(kind: kind, input: .emptyObject)
        configure(&job)
        return job
    }

    func refusal(_ command: LedgerCommand) throws -> LedgerRefusal? {
        guard case .refused(let refusal) = try run(command)[0] else { return nil }
        return refusal
    }

    func publish(_ id: JobID, _ events: DraftEvent...) throws -> Result<[String], LedgerRefusal> {
        switch try run(.publish(.job(id), events))[0] {
        case .published(let ids): .success(ids.map(\.description))
        case .refused(let refusal): .failure(refusal)
        default: throw Unexpected()
        }
    }

    func job(_ id: JobID) throws -> JobRecord { try #require(directory.job(id)) }
    func stored(_ id: JobID) throws -> JobRecord { try #require(try store.inner.job(id)) }
    func currentRun(_ id: JobID) throws -> JobRun {
        let record = try job(id)
        return JobRun(ref: record.ref, id: id, attempt: record.attempt)
    }

    /// What the store holds of a log.
    func events(_ ref: LogRef) throws -> [EventRecord] {
        try store.inner.events(of: ref, after: 0, limit: .max, maxBytes: .max)
    }

    struct Unexpected: Error {}
}

extension JobKind {
    static func swift(
        _ name: String, concurrency: Int = 16, timeoutMs: Int64? = nil, attempts: Int = 1, onCrash: CrashPolicy = .fail
    ) -> JobKind {
        JobKind(
            name: name, worker: .swift, concurrency: concurrency, timeoutMs: timeoutMs,
            retries: RetryPolicy(attempts: attempts, backoffMs: 100, maxBackoffMs: 1000), onCrash: onCrash)
    }
}

extension DraftEvent {
    init(_ name: String, _ data: String = "{}", attempt: Int? = nil, sequence: Int64? = nil) {
        self.init(name: name, data: JSONText(trusted: Array(data.utf8)), attempt: attempt, sequence: sequence)
    }
}

extension JobError {
    static let broken = JobError(code: "handler", message: "broken")
}
