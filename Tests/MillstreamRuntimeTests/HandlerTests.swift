// Compiled-in handlers: what they say, how they end, how they are stopped.

import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

struct HandlerTests {
    @Test func whatItEmitsComesInOrderAndItsResultLast() throws {
        let bench = try WorkerBench { job in
            try await job.emit("one", job.input)
            try await job.progress(42.5, message: "half")
            try await job.progress(200)
            try await job.publish(channel: "c", "two", .emptyObject)
            return .string("done")
        }
        try bench.start(.swift, kind: "k", input: #"{"a":1}"#)
        let commands = try bench.commands()
        #expect(
            commands.events == [
                #"one {"a":1}"#, #"progress {"progress":42.5,"message":"half"}"#, #"progress {"progress":100.0}"#,
            ])
        guard case .emitToChannel("c", let draft)? = commands.dropLast().last else {
            Issue.record("no channel event")
            return
        }
        #expect(draft.name == "two")
        #expect(commands.outcome == .completed(.string("done")))
    }

    @Test func failuresKeepTheirCodeAndOthersAreTheHandlers() throws {
        struct Odd: Error {}
        let bench = try WorkerBench(handlers: [
            "meant": Closure { _ in throw JobFailure(code: "no_luck", message: "m", isRetryable: false) },
            "odd": Closure { _ in throw Odd() },
            "quit": Closure { _ in throw CancellationError() },
        ])
        try bench.start(.swift, kind: "meant")
        #expect(try bench.commands().outcome == .failed(JobError(code: "no_luck", message: "m"), retryable: false))
        try bench.start(.swift, kind: "odd")
        #expect(try bench.commands().outcome == .failed(JobError(code: "handler", message: "Odd()"), retryable: true))
        try bench.start(.swift, kind: "quit")
        #expect(try bench.commands().error?.code == "handler")
        try bench.start(.swift, kind: "absent")
        #expect(try bench.commands().error?.message == "no handler is compiled in for the kind absent")
    }

    @Test func namesOfTheServerAreRefusedAsTypedErrors() throws {
        let bench = try WorkerBench { job in
            for name in EventName.reserved {
                do {
                    try await job.emit(name)
                    return nil
                } catch EmissionError.reservedName(let refused) {
                    guard refused == name else { return nil }
                }
            }
            do { try await job.emit("no spaces") } catch EmissionError.invalidName {}
            do { try await job.publish(channel: "a/b", "x") } catch EmissionError.invalidChannel {}
            let large = JSONText(trusted: Array(repeating: 0x31, count: 262_145))
            do { try await job.emit("large", large) } catch EmissionError.tooLarge(262_144) {}
            try await job.emit("fits", JSONText(trusted: Array(repeating: 0x31, count: 262_144)))
            return .string("all refused")
        }
        try bench.start(.swift, kind: "k")
        let commands = try bench.commands()
        #expect(commands.outcome == .completed(.string("all refused")))
        #expect(commands.events.count == 1)
    }

    @Test func aStopCancelsTheTaskAndWhateverItReturnsItHasStopped() throws {
        let bench = try WorkerBench { job in
            try await job.emit("ready")
            do {
                try await job.sleep(forMs: 600_000)
            } catch {
                #expect(error is CancellationError)
                #expect(job.isCancelled)
                await #expect(throws: CancellationError.self) { try await job.emit("late") }
            }
            return .string("tidied")
        }
        let run = try bench.start(.swift, kind: "k")
        _ = try bench.commands { if case .emit = $0 { true } else { false } }
        bench.pool.perform([.stop(run, graceMs: 60_000)])
        let commands = try bench.commands()
        #expect(commands.outcome == .stopped)
        #expect(commands.events.isEmpty)
    }

    @Test func aCancellationThatBlocksHoldsNeitherTheCallerNorTheEnd() throws {
        let open = DispatchSemaphore(value: 0)
        let bench = try WorkerBench { job in
            await withTaskCancellationHandler {
                try? await job.emit("ready")
                try? await job.sleep(forMs: 600_000)
            } onCancel: {
                open.wait()
            }
            return nil
        }
        let run = try bench.start(.swift, kind: "k")
        _ = try bench.commands { if case .emit = $0 { true } else { false } }
        let returned = DispatchSemaphore(value: 0)
        // In place of the journal's thread.
        let lane = SerialThread(name: "lane")
        lane.async {
            bench.pool.perform([.stop(run, graceMs: 0)])
            returned.signal()
        }
        #expect(returned.wait(timeout: .now() + 120) == .success)
        #expect(try bench.commands().outcome == .stopped)
        open.signal()
    }

    @Test func emittersWaitForRoomAndKeepTheirOrder() throws {
        var limits = LaneLimits()
        limits.maxEmissions = 4
        let bench = try WorkerBench(lane: limits) { job in
            for number in 0..<500 { try await job.emit("n", .string("\(number)")) }
            return nil
        }
        try bench.start(.swift, kind: "k")
        #expect(try bench.commands().events == (0..<500).map { "n \"\($0)\"" })
    }

    @Test func aStopEndsTheWaitForRoom() throws {
        var limits = LaneLimits()
        limits.maxEmissions = 1
        let waiting = Locked(0)
        let bench = try WorkerBench(lane: limits) { job in
            try await job.emit("fills")
            waiting.withLock { $0 += 1 }
            await #expect(throws: CancellationError.self) { try await job.emit("waits") }
            return nil
        }
        let run = try bench.start(.swift, kind: "k")
        let deadline = MonotonicTime.current().advanced(byMs: 120_000)
        while bench.lane.queue.depths.waiting == 0, MonotonicTime.current() < deadline { sched_yield() }
        bench.pool.perform([.stop(run, graceMs: 60_000)])
        // The handler hears of it on a thread of its own: not before the wait is over is there room.
        while bench.lane.queue.depths.waiting > 0, MonotonicTime.current() < deadline { sched_yield() }
        let commands = try bench.commands()
        #expect(commands.events == ["fills null"])
        #expect(commands.outcome == .stopped)
    }

    @Test func messagesComeInOrderAndEndWithTheStop() throws {
        let bench = try WorkerBench { job in
            for await message in job.messages { try await job.emit("echo", message.body) }
            return nil
        }
        let run = try bench.start(.swift, kind: "k", messages: [#"{"input":1}"#, #"{"input":2}"#])
        bench.pool.perform([.deliver(run, try WorkerBench.message(3, #"{"input":3}"#))])
        var seen = 0
        let commands = try bench.commands {
            if case .emit = $0 { seen += 1 }
            return seen == 3
        }
        #expect(commands.events == (1...3).map { #"echo {"input":\#($0)}"# })
        bench.pool.perform([.stop(run, graceMs: 60_000)])
        #expect(try bench.commands().outcome == .stopped)
    }

    @Test func aWaitForAMessageMayBeGivenUpAndBegunAgain() throws {
        let bench = try WorkerBench { job in
            // A task of a group: one by itself would run on the threads that the tests block.
            let number = await withTaskGroup(of: Int?.self) { group in
                group.addTask {
                    var messages = job.messages.makeAsyncIterator()
                    return await messages.next()?.number
                }
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(number == nil)
            try await job.emit("ready")
            var messages = job.messages.makeAsyncIterator()
            return await messages.next()?.body
        }
        let run = try bench.start(.swift, kind: "k")
        _ = try bench.commands { if case .emit = $0 { true } else { false } }
        bench.pool.perform([.deliver(run, try WorkerBench.message(1, #"{"input":1}"#))])
        #expect(try bench.commands().outcome == .completed(JSONText(trusted: Array(#"{"input":1}"#.utf8))))
    }

    @Test func fourThousandHandlersSleepAtOnce() throws {
        let count = 4096
        let awake = Locked(0)
        let bench = try WorkerBench { job in
            // Until all of them sleep, none wakes.
            awake.withLock { $0 += 1 }
            while awake.withLock({ $0 }) < count { try await job.sleep(forMs: 5) }
            try await job.emit("up")
            return nil
        }
        for number in 1...count { try bench.start(.swift, kind: "k", number: Int64(number)) }
        #expect(try bench.commands(untilFinished: count, seconds: 600).events.count == count)
    }

    @Test func handlersRunOnThreadsThatPushNobodyAside() throws {
        let batch: Int32 = 3
        let bench = try WorkerBench { job in
            #expect(sched_getscheduler(0) & 0xFF == batch)
            try await job.runBlocking { #expect(sched_getscheduler(0) & 0xFF == batch) }
            return nil
        }
        try bench.start(.swift, kind: "k")
        #expect(try bench.commands().outcome == .completed(nil))
    }

    @Test func stoppingThePoolStopsEverythingAndStartsNothing() throws {
        let bench = try WorkerBench { job in
            try await job.sleep(forMs: 600_000)
            return nil
        }
        try bench.start(.swift, kind: "k", number: 1)
        try bench.start(["sleep", "300"], number: 2)
        bench.pool.stop(graceMs: 10_000)
        try bench.start(.swift, kind: "k", number: 3)
        let commands = try bench.commands(untilFinished: 3)
        #expect(commands.allSatisfy { if case .finish(_, let outcome) = $0 { outcome == .stopped } else { true } })
        #expect(bench.pool.measures.runningHandlers + bench.pool.measures.runningPrograms == 0)
    }
}
