// Handlers that hold a thread: each gets one of a bounded number, stands in line for it or is refused, and is not stopped by force.

import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

struct BlockingHandlerTests {
    @Test func aHandlerThatDoesNotStopLosesItsVoiceAfterTheGrace() throws {
        let release = DispatchSemaphore(value: 0)
        let refused = DispatchSemaphore(value: 0)
        let bench = try WorkerBench { job in
            try await job.emit("ready")
            return try await job.runBlocking {
                release.wait()
                do { try job.emitBlocking("late") } catch EmissionError.runIsOver { refused.signal() }
                return nil
            }
        }
        let run = try bench.start(.swift, kind: "k")
        _ = try bench.commands { if case .emit = $0 { true } else { false } }
        bench.pool.perform([.stop(run, graceMs: 50)])
        #expect(try bench.commands().outcome == .stopped)
        #expect(bench.pool.measures.abandonedHandlers == 1)
        release.signal()
        #expect(refused.wait(timeout: .now() + 120) == .success)
    }

    @Test func blockingEmittersWaitForRoomAndKeepTheirOrder() throws {
        var limits = LaneLimits()
        limits.maxEmissions = 4
        let bench = try WorkerBench(lane: limits) { job in
            try await job.runBlocking {
                for number in 0..<500 { try job.emitBlocking("n", .string("\(number)")) }
                return nil
            }
        }
        try bench.start(.swift, kind: "k")
        #expect(try bench.commands().events == (0..<500).map { "n \"\($0)\"" })
    }

    @Test func sixtyFourBlockingHandlersRunAtOnce() throws {
        let count = 64
        let gate = ConditionLock()
        let present = Locked(0)
        let started = MonotonicTime.current()
        let bench = try WorkerBench { job in
            try await job.runBlocking {
                // Each holds its thread until all have one.
                present.withLock { $0 += 1 }
                gate.withLock {
                    gate.broadcast()
                    let deadline = started.advanced(byMs: 300_000)
                    while present.withLock({ $0 }) < count, gate.wait(until: deadline) {}
                }
                let waitedMs = MonotonicTime.current().milliseconds(since: started)
                return .string("\(waitedMs < 300_000)")
            }
        }
        for number in 1...count { try bench.start(.swift, kind: "k", number: Int64(number)) }
        let commands = try bench.commands(untilFinished: count, seconds: 400)
        print("64 blocking handlers had their threads after \(MonotonicTime.current().milliseconds(since: started)) ms")
        #expect(commands.allSatisfy { if case .finish(_, .completed(.string("true"))) = $0 { true } else { false } })
    }

    @Test func aBlockingThreadThatWasFreeTakesTheNextWork() throws {
        let bench = try WorkerBench { job in
            .string("\(try await job.runBlocking { UInt64(pthread_self()) })")
        }
        var threads: Set<WorkerOutcome> = []
        for number in 1...20 {
            try bench.start(.swift, kind: "k", number: Int64(number))
            if let outcome = try bench.commands().outcome { threads.insert(outcome) }
            // The thread may not be back yet, and another one would be made.
            #expect(bench.allBlockingThreadsAreBack())
        }
        #expect(threads.count == 1)
    }

    @Test func moreBlockingWorkThanThreadsStandsInLineAndThenIsRefused() throws {
        var limits = PoolLimits()
        limits.maxBlockingThreads = 2
        limits.maxBlockingWaiting = 3
        let release = DispatchSemaphore(value: 0)
        let bench = try WorkerBench(pool: limits) { job in
            try await job.runBlocking {
                release.wait()
                release.signal()
                return nil
            }
        }
        for number in 1...6 { try bench.start(.swift, kind: "k", number: Int64(number)) }
        let refused = try bench.commands()
        #expect(refused.error?.code == "overload")
        #expect(bench.pool.measures.waitedForThread == 3)
        release.signal()
        let rest = try bench.commands(untilFinished: 5)
        #expect(rest.allSatisfy { if case .finish(_, .completed(nil)) = $0 { true } else { false } })
    }
}
