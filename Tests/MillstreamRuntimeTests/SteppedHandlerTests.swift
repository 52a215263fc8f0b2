import Glibc
import MillstreamJSON
import MillstreamJobs
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// Handlers that work in steps: what they say, what a long pause leaves of them, how they are stopped in one.

/// A handler that pauses for each of the given times, tells of each step, and keeps what the test looks at.
private struct Walker: SteppedHandler {
    let pausesMs: [Int]
    let seen = Locked<JobContext?>(nil)

    func begin(_ job: JobContext) async throws -> JobStep {
        seen.withLock { $0 = job }
        return try await step(0, job)
    }

    private func step(_ number: Int, _ job: JobContext) async throws -> JobStep {
        // Whose sleep it is must be known in every task of the run.
        try await job.sleep(forMs: 1)
        try await job.emit("step", JSONText.object { $0.member("number", number) })
        guard number < pausesMs.count else { return .done(.string("walked")) }
        let deadline = pausesMs[number] == .max ? .never : MonotonicTime.current().advanced(byMs: pausesMs[number])
        return .pause(until: deadline) {
            #expect(MonotonicTime.current() >= deadline)
            return try await step(number + 1, $0)
        }
    }

    /// The run, once it pauses without a task.
    func paused(seconds: Int = 120) throws -> JobContext {
        let deadline = MonotonicTime.current().advanced(byMs: seconds * 1000)
        while MonotonicTime.current() < deadline {
            if let job = seen.withLock({ $0 }), job.lock.withLock({ job.nextStep != nil }) { return job }
            sched_yield()
        }
        throw BenchTimeout(seen: ["no pause"])
    }
}

struct SteppedHandlerTests {
    @Test func stepsComeInOrderWhateverTheLengthOfTheirPauses() throws {
        let bench = try WorkerBench(handlers: ["k": Walker(pausesMs: [1, 1_050, 0, 1_020])])
        try bench.start(.swift, kind: "k")
        let commands = try bench.commands()
        #expect(commands.events == (0...4).map { #"step {"number":\#($0)}"# })
        #expect(commands.outcome == .completed(.string("walked")))
        #expect(bench.pool.measures.runningHandlers == 0)
    }

    @Test func theSamePlainHandlerTakesTheSameSteps() throws {
        let walker = Walker(pausesMs: [1, 2])
        let bench = try WorkerBench(handlers: ["k": Closure { try await walker.run($0) }])
        try bench.start(.swift, kind: "k")
        let commands = try bench.commands()
        #expect(commands.events.count == 3)
        #expect(commands.outcome == .completed(.string("walked")))
    }

    @Test func aLongPauseHasNoTask() throws {
        let walker = Walker(pausesMs: [.max])
        let bench = try WorkerBench(handlers: ["k": walker])
        try bench.start(.swift, kind: "k")
        let job = try walker.paused()
        #expect(job.lock.withLock { job.task } == nil)
        #expect(bench.pool.measures.runningHandlers == 1)
        bench.pool.stop(graceMs: 0)
    }

    @Test func aStopEndsAPauseWithoutAnotherStep() throws {
        let walker = Walker(pausesMs: [.max])
        let bench = try WorkerBench(handlers: ["k": walker])
        let run = try bench.start(.swift, kind: "k")
        _ = try walker.paused()
        bench.pool.perform([.stop(run, graceMs: 600_000)])
        let commands = try bench.commands()
        #expect(commands.events.count == 1)
        #expect(commands.outcome == .stopped)
    }

    /// Whatever the moment at which the stop meets the task that goes to its pause.
    @Test func aStopOnTheWayToAPauseIsNotLost() throws {
        let walker = Walker(pausesMs: [.max])
        let bench = try WorkerBench(handlers: ["k": walker])
        for number in 1...200 {
            let run = try bench.start(.swift, kind: "k", number: Int64(number))
            _ = try bench.commands { if case .emit = $0 { true } else { false } }
            bench.pool.perform([.stop(run, graceMs: 600_000)])
            #expect(try bench.commands().outcome == .stopped)
        }
    }

    @Test func pausesOfSeveralRunsEndEachByItself() throws {
        let pauses = [1_300, 1_100, 1_500, 1_200, 1_400]
        let handlers = pauses.map { ("k\($0)", Walker(pausesMs: [$0]) as any JobHandler) }
        let bench = try WorkerBench(handlers: Dictionary(uniqueKeysWithValues: handlers))
        for pause in pauses { try bench.start(.swift, kind: "k\(pause)", number: Int64(pause)) }
        let ends = try bench.commands(untilFinished: pauses.count).compactMap { command -> Int64? in
            guard case .finish(let run, _) = command else { return nil }
            return run.ref.number
        }
        #expect(Set(ends) == Set(pauses.map(Int64.init)))
    }

    /// Taken out of the middle of the heap, as its places say.
    @Test func whoIsStoppedAmongManyLeavesTheOthersInTheirPauses() throws {
        // Long enough that all are in their pauses, and none of those that are stopped is out of it, on a slow machine, too.
        let pauses = (0..<30).map { ($0 % 3 == 0 ? 60_000 : 3_000) + 20 * (($0 * 7) % 30) }
        let walkers = pauses.map { Walker(pausesMs: [$0]) }
        let handlers = walkers.enumerated().map { ("k\($0.offset)", $0.element as any JobHandler) }
        let bench = try WorkerBench(handlers: Dictionary(uniqueKeysWithValues: handlers))
        let runs = try pauses.indices.map { try bench.start(.swift, kind: "k\($0)", number: Int64($0)) }
        // The others' pauses may be over already on a slow machine.
        for at in pauses.indices where at % 3 == 0 { _ = try walkers[at].paused() }
        let stopped = Set(pauses.indices.filter { $0 % 3 == 0 })
        bench.pool.perform(stopped.map { .stop(runs[$0], graceMs: 600_000) })
        for command in try bench.commands(untilFinished: runs.count) {
            guard case .finish(let run, let outcome) = command else { continue }
            let isStopped = stopped.contains(Int(run.ref.number))
            #expect(outcome == (isStopped ? .stopped : .completed(.string("walked"))), "\(run.ref.number)")
        }
        #expect(bench.pool.measures.runningHandlers == 0)
    }

    @Test func aPoolThatGoesEndsItsPauses() throws {
        let walker = Walker(pausesMs: [.max])
        var bench: WorkerBench? = try WorkerBench(handlers: ["k": walker])
        let lane = try #require(bench).lane
        try bench?.start(.swift, kind: "k")
        let job = try walker.paused()
        bench = nil
        let entries = lane.queue.take(until: MonotonicTime.current().advanced(byMs: 120_000))
        lane.queue.settle(entries)
        #expect(!entries.isEmpty)
        #expect(job.gate.current == .over)
    }
}
