// Callers, workers and time around a ledger, all from one seed: what they do next is drawn, what they were told is remembered,
// and in the end everybody is asked for what was acknowledged.

import MillstreamJSON
import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJobs

struct SimulatedWorld {
    static let kinds: [JobKind] = [
        .swift("fast", concurrency: 2, attempts: 3, onCrash: .retry),
        .swift("timed", concurrency: 3, timeoutMs: 300, attempts: 2),
        .swift("single", concurrency: 1),
    ]

    var random: SeededRandom
    let fixture: LedgerFixture
    /// Runs acknowledged with a reply, by log, and what they are called.
    var acknowledged: [LogRef: JobID] = [:]
    /// Logs that a new run or retention removed.
    var removed: Set<LogRef> = []
    /// Workers that were told to stop and do not listen.
    var stubborn: Set<JobRun> = []

    init(seed: UInt64, retention: RetentionPolicy = RetentionPolicy()) {
        random = SeededRandom(seed: seed)
        let limits = LedgerLimits(maxQueuedJobs: 40, maxChannels: 3, maxMessagesPerJob: 3, maxRowsPerSweep: 8)
        fixture = LedgerFixture(kinds: Self.kinds, limits: limits, retention: retention, seed: seed)
    }

    var running: [JobRun] {
        fixture.witness.running.keys.sorted { ($0.ref, $0.attempt) < ($1.ref, $1.attempt) }
    }

    // MARK: What may happen

    mutating func command() -> LedgerCommand {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<22: .create(newJob())
        case 22..<45: workerCommand() ?? .create(newJob())
        case 45..<62: finish() ?? .create(newJob())
        case 62..<72: .publish(.job(anyID()), publications())
        case 72..<78: .publish(.channel("c\(Int.random(in: 0..<4, using: &random))"), [DraftEvent("m")])
        case 78..<86: .cancel(anyID())
        case 86..<93: .input(anyID(), body: .emptyObject, uploads: random.chance(20) ? ["u1"] : [])
        case 93..<96: .registerUpload(upload())
        default: .emitToChannel("c\(Int.random(in: 0..<4, using: &random))", DraftEvent("m"))
        }
    }

    private mutating func newJob() -> NewJob {
        let kind = ["fast", "timed", "single", "none"].randomElement(using: &random) ?? ""
        var job = NewJob(kind: kind, input: random.chance(10) ? .string(String(repeating: "x", count: 2000)) : .null)
        job.priority = Int.random(in: -2...2, using: &random)
        if random.chance(30) { job.id = JobID(trusted: "own\(Int.random(in: 0..<12, using: &random))") }
        if random.chance(15) {
            let future = Int64.random(in: -100...2000, using: &random)
            job.runAt = Timestamp(milliseconds: fixture.now.wall.milliseconds + future)
        }
        if random.chance(10) { job.timeoutMs = Int64.random(in: 1...500, using: &random) }
        if random.chance(10) { job.uploads = ["u\(Int.random(in: 0..<3, using: &random))"] }
        if random.chance(20) {
            let number = Int.random(in: 0..<10, using: &random)
            job.idempotency = IdempotencyKey(key: "key\(number)", fingerprint: random.chance(90) ? 1 : 2)
        }
        return job
    }

    private mutating func workerCommand() -> LedgerCommand? {
        guard let run = running.randomElement(using: &random) else { return nil }
        switch Int.random(in: 0..<20, using: &random) {
        case 0: return .emit(run, DraftEvent("result", "[1]"))
        case 1: return .emit(run, DraftEvent("input_required"))
        case 2: return .emit(run, DraftEvent("completed"))
        case 3: return .noteProcess(run, ProcessGroup(id: 9, startTicks: 1, bootID: "b"))
        default:
            let progress = Int.random(in: 0...100, using: &random)
            return .emit(run, DraftEvent("progress", "{\"progress\":\(progress)}"))
        }
    }

    private mutating func finish() -> LedgerCommand? {
        guard let run = running.filter({ !stubborn.contains($0) }).randomElement(using: &random) else { return nil }
        if random.chance(15) {
            stubborn.insert(run)
            return nil
        }
        let outcomes: [WorkerOutcome] = [
            .completed(nil), .completed(.emptyObject), .stopped, .failed(.broken, retryable: true),
            .failed(.broken, retryable: false),
        ]
        return outcomes.randomElement(using: &random).map { .finish(run, $0) }
    }

    private mutating func anyID() -> JobID {
        if random.chance(50) { return JobID(trusted: "own\(Int.random(in: 0..<12, using: &random))") }
        let refs = acknowledged.keys.sorted()
        return refs.randomElement(using: &random).flatMap { acknowledged[$0] } ?? JobID(trusted: "none")
    }

    private mutating func publications() -> [DraftEvent] {
        (0..<Int.random(in: 1...3, using: &random)).map { _ in
            guard random.chance(70) else { return DraftEvent("p") }
            let attempt = Int.random(in: 1...2, using: &random)
            return DraftEvent("p", attempt: attempt, sequence: Int64.random(in: 1...4, using: &random))
        }
    }

    private mutating func upload() -> UploadRecord {
        UploadRecord(
            id: "u\(Int.random(in: 0..<3, using: &random))", name: "n", contentType: "a/b", byteCount: 1,
            createdAt: fixture.now.wall)
    }

    mutating func passTime() {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<6: fixture.pass(Int64.random(in: 0...20, using: &random))
        case 6..<9: fixture.pass(Int64.random(in: 0...400, using: &random))
        default: fixture.pass(Int64.random(in: 0...8000, using: &random))
        }
    }
}
