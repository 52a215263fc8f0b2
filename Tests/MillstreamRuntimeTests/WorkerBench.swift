import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// A pool without a journal: the test itself takes the commands out of the lane's queue, as slowly as it likes. Each bench has a
// directory of its own for the programs that the test writes.

final class WorkerBench: Sendable {
    let lane: JournalLane
    let pool: WorkerPool
    let directory: String

    init(
        handlers: [String: any JobHandler] = [:], lane limits: LaneLimits = LaneLimits(),
        pool poolLimits: PoolLimits = PoolLimits(),
        uploadPath: @escaping @Sendable (String) -> String? = { _ in nil }
    ) throws {
        lane = JournalLane(limits: limits)
        pool = WorkerPool(lane: lane, handlers: handlers, limits: poolLimits, uploadPath: uploadPath)
        directory = NSTemporaryDirectory() + "millstream-runtime-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Writes a shell script; its path is relative to the directory.
    func script(_ body: String, name: String = "worker.sh", interpreter: String = "/bin/sh") throws -> [String] {
        let path = directory + "/" + name
        try Data("#!\(interpreter)\n\(body)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return ["./" + name]
    }

    func run(_ number: Int64 = 1, attempt: Int = 1) -> JobRun {
        JobRun(ref: LogRef(number), id: JobID(trusted: "job-\(number)"), attempt: attempt)
    }

    @discardableResult
    func start(
        _ arguments: [String], number: Int64 = 1, input: String = "{}", messages: [String] = [],
        directory: String? = nil,
        graceMs: Int64 = 5000
    ) throws -> JobRun {
        let worker = WorkerDeclaration.exec(arguments: arguments, directory: directory ?? self.directory)
        return try start(worker, kind: "test", number: number, input: input, messages: messages, graceMs: graceMs)
    }

    @discardableResult
    func start(
        _ worker: WorkerDeclaration, kind name: String, number: Int64 = 1, input: String = "{}",
        messages: [String] = [],
        graceMs: Int64 = 5000
    ) throws -> JobRun {
        let kind = JobKind(name: name, worker: worker, cancelGraceMs: graceMs)
        let run = run(number)
        let records = try messages.enumerated().map { try Self.message($0.offset + 1, $0.element) }
        let input = try JSONText(validating: Array(input.utf8))
        pool.perform([.start(JobAssignment(run: run, kind: kind, input: input, messages: records))])
        return run
    }

    static func message(_ number: Int, _ body: String) throws -> MessageRecord {
        MessageRecord(
            number: number, body: try JSONText(validating: Array(body.utf8)), time: Timestamp(milliseconds: 0))
    }

    /// Waits until none of the threads of blocking work has any.
    func allBlockingThreadsAreBack(seconds: Int = 300) -> Bool {
        let deadline = MonotonicTime.current().advanced(byMs: seconds * 1000)
        while pool.measures.blockedThreads > 0 {
            guard MonotonicTime.current() < deadline else { return false }
            sched_yield()
        }
        return true
    }

    /// Takes commands until so many runs have finished, or ten seconds are over.
    func commands(untilFinished count: Int = 1, seconds: Int = 300) throws -> [LedgerCommand] {
        var finished = 0
        return try commands(seconds: seconds) { command in
            if case .finish = command { finished += 1 }
            return finished == count
        }
    }

    /// Takes commands up to the one that the test waits for.
    func commands(seconds: Int = 300, until isLast: (LedgerCommand) -> Bool) throws -> [LedgerCommand] {
        let deadline = MonotonicTime.current().advanced(byMs: seconds * 1000)
        var all: [LedgerCommand] = []
        while true {
            let entries = lane.queue.take(until: deadline)
            lane.queue.settle(entries)
            var isDone = false
            for entry in entries {
                all.append(entry.command)
                if isLast(entry.command) { isDone = true }
            }
            if isDone { return all }
            guard MonotonicTime.current() < deadline else { throw BenchTimeout(seen: all.map { "\($0)" }) }
        }
    }
}

struct BenchTimeout: Error {
    var seen: [String]
}

extension [LedgerCommand] {
    /// Name and data of each event.
    var events: [String] {
        compactMap {
            guard case .emit(_, let draft) = $0 else { return nil }
            return draft.name + " " + draft.data.text
        }
    }

    /// The events that do not come from standard error, where shells tell of signals.
    var output: [String] { events.filter { !$0.contains(#""stream":"stderr""#) } }

    var outcome: WorkerOutcome? {
        for case .finish(_, let outcome) in self { return outcome }
        return nil
    }

    var group: ProcessGroup? {
        for case .noteProcess(_, let group) in self { return group }
        return nil
    }

    var error: JobError? {
        guard case .failed(let error, _)? = outcome else { return nil }
        return error
    }
}

/// Whether any process is left of a group.
func groupIsGone(_ id: Int32, seconds: Int = 120) -> Bool {
    let deadline = MonotonicTime.current().advanced(byMs: seconds * 1000)
    while kill(-id, 0) == 0 {
        guard MonotonicTime.current() < deadline else { return false }
        sched_yield()
    }
    return true
}
