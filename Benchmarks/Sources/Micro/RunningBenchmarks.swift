// What a running job holds for as long as it runs, its handler asleep: ledger, read model, run, task. The HTTP side has its own:
// `job-streams-2000` among the scenarios looks at the whole server.

import Glibc
import Measuring
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import MillstreamRuntime
import Synchronization

enum RunningBenchmarks {
    static let all = [running, paused]

    /// As many jobs as fill the tables about as well as those of the scenario.
    private static let jobs = 2_000

    private static let running = Benchmark(
        "running-job", per: "job", operations: jobs,
        tolerance: Tolerance(share: 0.03, because: "threads of the pool hold something now and then")
    ) {
        try hold { Sleeper(begun: $0) }
    }

    /// The same of handlers that work in steps: no task is left of them in a pause.
    private static let paused = Benchmark(
        "paused-job", per: "job", operations: jobs,
        tolerance: Tolerance(share: 0.03, because: "threads of the pool hold something now and then")
    ) {
        try hold { Pauser(begun: $0) }
    }

    private static func hold(_ handler: (Counter) -> any JobHandler) throws -> (Meter) throws -> Void {
        let office = RunningOffice(handler)
        return { meter in
            try meter.hold { try office.start(jobs) }
            try office.end()
        }
    }
}

/// Sleeps until it is told to stop.
private struct Sleeper: JobHandler {
    let begun: Counter

    func run(_ job: JobContext) async throws -> JSONText? {
        begun.value.add(1, ordering: .relaxed)
        try await job.sleep(until: .never)
        return nil
    }
}

/// Pauses until it is told to stop.
private struct Pauser: SteppedHandler {
    let begun: Counter

    func begin(_ job: JobContext) async throws -> JobStep {
        begun.value.add(1, ordering: .relaxed)
        return .pause(until: .never) { _ in .done(nil) }
    }
}

private final class Counter: Sendable {
    let value = Atomic(0)
}

/// A ledger, the loop's read model and a pool, without the threads of a journal and a loop.
private final class RunningOffice {
    private let begun = Counter()
    private let ledger = JobLedger(
        kinds: [JobKind(name: "sleep", worker: .swift, concurrency: 10_000)], store: MemoryStore(maxBytes: 1 << 20),
        random: Text.Generator(seed: 1))
    private let directory = JobDirectory(maxEndedJobs: 0)
    private let pool: WorkerPool
    private let now = LedgerTime(wall: Text.time, monotonicMs: 1_000)
    private var runs: [JobRun] = []

    init(_ handler: (Counter) -> any JobHandler) {
        pool = WorkerPool(lane: JournalLane(), handlers: ["sleep": handler(begun)])
    }

    /// Creates and starts jobs in batches, and waits until each handler has begun.
    func start(_ count: Int) throws {
        let target = begun.value.load(ordering: .relaxed) + count
        let input = JSONText(trusted: Array(#"{"steps":1,"interval_ms":60000,"data_bytes":200}"#.utf8))
        for _ in 0..<count / 100 {
            let create = LedgerCommand.create(NewJob(kind: "sleep", input: input))
            for directive in try apply([LedgerCommand](repeating: create, count: 100)) {
                if case .start(let assignment) = directive { runs.append(assignment.run) }
            }
        }
        while begun.value.load(ordering: .relaxed) < target { usleep(1_000) }
    }

    func end() throws {
        pool.perform(runs.map { .stop($0, graceMs: 0) })
        while pool.measures.runningHandlers > 0 { usleep(1_000) }
        try apply(runs.map { .finish($0, .stopped) })
        runs = []
    }

    @discardableResult
    private func apply(_ commands: [LedgerCommand]) throws -> [WorkerDirective] {
        for command in commands { _ = try ledger.apply(command, now: now) }
        try ledger.advance(now)
        let outcome = ledger.takeOutcome()
        ledger.didCommit()
        for notice in outcome.notices { directory.apply(notice) }
        pool.perform(outcome.directives)
        return outcome.directives
    }
}
