// Programs that a compiled-in handler runs: their lines come as they are written, and they end with the job, however it ends.

import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

struct HandlerProgramTests {
    @Test func aProgramOfAHandlerGivesItsLinesAndIsKilledWithTheJob() throws {
        let bench = try WorkerBench { job in
            let exit = try await job.runProgram(["sh", "-c", "cat; echo err >&2; exit 3"], input: Array("a\nb".utf8)) {
                line in
                try await job.emit(line.isError ? "err" : "out", .string(line.text))
            }
            try await job.emit("exit", .string(exit.text))
            do {
                _ = try await job.runProgram(["no-such-program-anywhere"]) { _ in }
            } catch let failure as JobFailure {
                try await job.emit("refused", .string(failure.code))
            }
            _ = try await job.runProgram(["sh", "-c", "sleep 300 & echo up; wait"]) { line in
                try await job.emit("out", .string(line.text))
            }
            return nil
        }
        let run = try bench.start(.swift, kind: "k")
        var groups: [Int32] = []
        let commands = try bench.commands { command in
            if case .noteProcess(_, let group) = command { groups.append(group.id) }
            if case .emit(_, let draft) = command, draft.data == .string("up") { return true }
            return false
        }
        #expect(Set(commands.events.prefix(3)) == [#"out "a""#, #"out "b""#, #"err "err""#])
        #expect(commands.events.dropFirst(3).prefix(2) == [#"exit "exit status 3""#, #"refused "spawn""#])
        bench.pool.perform([.stop(run, graceMs: 60_000)])
        #expect(try bench.commands().outcome == .stopped)
        #expect(groups.count == 2 && groups.allSatisfy { groupIsGone($0) })
    }

    @Test func aProgramOfAHandlerEndsWhenTheHandlerThrows() throws {
        struct Enough: Error {}
        let bench = try WorkerBench { job in
            _ = try await job.runProgram(["yes"]) { _ in throw Enough() }
            return nil
        }
        try bench.start(.swift, kind: "k")
        let commands = try bench.commands()
        #expect(commands.error?.message == "Enough()")
        #expect(groupIsGone(try #require(commands.group).id))
    }
}
