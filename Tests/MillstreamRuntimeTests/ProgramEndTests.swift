import Foundation
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// How programs end, by themselves and by force, and what they leave behind: nothing.

struct ProgramEndTests {
    @Test func theWholeGroupEndsWithItsProgram() throws {
        let bench = try WorkerBench()
        try bench.start(try bench.script("sleep 300 & sleep 300 & echo started"))
        let commands = try bench.commands()
        #expect(commands.events == [#"log {"stream":"stdout","line":"started"}"#])
        #expect(commands.outcome == .completed(nil))
        #expect(groupIsGone(try #require(commands.group).id))
    }

    @Test func aGrandchildThatHoldsTheOutputDoesNotHoldTheJob() throws {
        let bench = try WorkerBench()
        let pidFile = bench.directory + "/pid"
        try bench.start(
            try bench.script(
                "setsid sh -c 'echo $$ >\(pidFile); exec sleep 300' & while [ ! -s \(pidFile) ]; do :; done; echo out"))
        let start = MonotonicTime.current()
        let commands = try bench.commands()
        #expect(commands.events == [#"log {"stream":"stdout","line":"out"}"#])
        #expect(commands.outcome == .completed(nil))
        #expect(MonotonicTime.current().milliseconds(since: start) < 250_000, "it did not wait for the grandchild")
        // It left its group on purpose; the test cleans up.
        let pid = try #require(
            Int32(try String(contentsOfFile: pidFile, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
        kill(pid, SIGKILL)
    }

    @Test func aGrandchildThatFloodsTheOutputDoesNotHoldTheJob() throws {
        let bench = try WorkerBench()
        let pidFile = bench.directory + "/pid"
        try bench.start(
            try bench.script(
                "setsid sh -c 'echo $$ >\(pidFile); exec yes' & while [ ! -s \(pidFile) ]; do :; done; exit 3"))
        let commands = try bench.commands()
        #expect(commands.error?.code == "exit_status")
        let pid = try #require(
            Int32(try String(contentsOfFile: pidFile, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
        kill(pid, SIGKILL)
    }

    @Test func aStopIsSIGTERMAndTheProgramMayTidyUp() throws {
        let bench = try WorkerBench()
        let run = try bench.start(
            try bench.script("trap 'echo tidy; exit 0' TERM; echo ready; while :; do sleep 0.01; done"))
        _ = try bench.commands { if case .emit = $0 { true } else { false } }
        bench.pool.perform([.stop(run, graceMs: 20_000)])
        let commands = try bench.commands()
        #expect(commands.output == [#"log {"stream":"stdout","line":"tidy"}"#])
        #expect(commands.outcome == .stopped)
    }

    @Test func whatAShellStartedHasTheGraceToo() throws {
        let bench = try WorkerBench()
        // The shell dies of SIGTERM at once; its child tidies up, which takes longer than the shell lives.
        let child =
            "trap 'i=0; while [ $i -lt 200 ]; do i=$((i+1)); sleep 0.001; done; echo child tidied; exit 0' TERM; echo ready; while :; do sleep 0.01; done"
        let run = try bench.start(
            try bench.script(
                "sh -c \"$CHILD\" & wait".replacingOccurrences(
                    of: "\"$CHILD\"", with: "'" + child.replacingOccurrences(of: "'", with: "'\\''") + "'")))
        _ = try bench.commands { if case .emit = $0 { true } else { false } }
        bench.pool.perform([.stop(run, graceMs: 20_000)])
        let commands = try bench.commands()
        #expect(commands.output == [#"log {"stream":"stdout","line":"child tidied"}"#])
        #expect(commands.outcome == .stopped)
    }

    @Test func whoIgnoresSIGTERMIsKilledAfterTheGrace() throws {
        let bench = try WorkerBench()
        let run = try bench.start(
            try bench.script("trap '' TERM; sleep 300 & echo ready; while :; do sleep 0.01; done"))
        let begun = try bench.commands { if case .emit = $0 { true } else { false } }
        let start = MonotonicTime.current()
        bench.pool.perform([.stop(run, graceMs: 200)])
        let commands = try bench.commands()
        #expect(commands.outcome == .stopped)
        #expect(MonotonicTime.current().milliseconds(since: start) >= 200)
        #expect(groupIsGone(try #require(begun.group).id))
    }

    @Test func theInputClosesWhenTheProgramIsStopped() throws {
        let bench = try WorkerBench()
        let run = try bench.start(
            try bench.script("trap '' TERM; echo ready; while read -r line; do :; done; echo eof"))
        _ = try bench.commands { if case .emit = $0 { true } else { false } }
        bench.pool.perform([.stop(run, graceMs: 20_000)])
        let commands = try bench.commands()
        #expect(commands.events == [#"log {"stream":"stdout","line":"eof"}"#])
    }

    @Test func aStopBeforeTheStartStartsNothing() throws {
        let bench = try WorkerBench()
        let program = try bench.script("echo never")
        let assignment = JobAssignment(
            run: bench.run(), kind: JobKind(name: "k", worker: .exec(arguments: program, directory: bench.directory)),
            input: .null,
            messages: [])
        bench.pool.perform([.start(assignment), .stop(bench.run(), graceMs: 0)])
        let commands = try bench.commands()
        #expect(commands.outcome == .stopped)
        #expect(commands.events.isEmpty || commands.group != nil)
    }

    @Test func twoHundredQuickProgramsLeaveNoZombieAndNoDescriptor() throws {
        let bench = try WorkerBench()
        let program = try bench.script(#"read -r line; echo '{"event":"x","data":1}'; exit 0"#)
        for number in 1...200 { try bench.start(program, number: Int64(number)) }
        let commands = try bench.commands(untilFinished: 200, seconds: 300)
        #expect(commands.events.count == 200)
        var groups: [Int32] = []
        for case .noteProcess(_, let group) in commands { groups.append(group.id) }
        #expect(groups.count == 200)
        // A zombie would still have an entry.
        #expect(groups.allSatisfy { ProcessIdentity(pid: $0)?.group != $0 })
        #expect(bench.pool.measures.runningPrograms == 0)
    }

    @Test func aProgramWithoutADescriptorForItsEndRunsToIt() throws {
        let bench = try WorkerBench()
        let command = ProgramCommand(
            arguments: try bench.script("echo ready; read -r line; exit 7"), directory: bench.directory,
            environment: ProgramEnvironment.ofThisProcess())
        let queue = SerialThread(name: "programs")
        let lines = Locked<[String]>([])
        let ended = DispatchSemaphore(value: 0)
        let exit = Locked<ProgramExit?>(nil)
        var started = try command.start()
        close(started.pidfd)
        // As when the process has no descriptor left for it, or the kernel knows none.
        started.pidfd = -1
        queue.async { [child = started] in
            let process = ChildProcess(child, queue: queue, poller: DescriptorPoller(), limits: PoolLimits())
            process.watch(limits: PoolLimits()) { _, line in
                lines.withLock { $0.append(String(decoding: line.bytes, as: UTF8.self)) }
                // It runs, and was looked at several times by then.
                queue.async(afterMs: 100) { _ = process.write(Array("go\n".utf8)) }
                return .more
            } onEnd: { end in
                exit.withLock { $0 = end }
                ended.signal()
            }
        }
        #expect(ended.wait(timeout: .now() + 120) == .success)
        #expect(exit.withLock { $0 } == .code(7))
        #expect(lines.withLock { $0 } == ["ready"])
    }

    @Test func theOutputOfAPausedProgramSurvivesItsEnd() throws {
        var limits = LaneLimits()
        limits.maxEmissions = 4
        let bench = try WorkerBench(lane: limits)
        // All of it fits the pipe: the program is gone long before its lines are taken.
        try bench.start(try bench.script("seq 1 2000; echo $$ >\(bench.directory)/pid"))
        let deadline = MonotonicTime.current().advanced(byMs: 120_000)
        while !FileManager.default.fileExists(atPath: bench.directory + "/pid"), MonotonicTime.current() < deadline {
            sched_yield()
        }
        let events = try bench.commands().events
        #expect(events == (1...2000).map { #"log {"stream":"stdout","line":"\#($0)"}"# })
    }

    @Test func leftoversOfAKilledServerAreEndedOnlyWhenTheyAreStillTheSame() throws {
        let bench = try WorkerBench()
        let run = try bench.start(try bench.script("sleep 300 & echo ready; sleep 300"))
        let group = try #require(try bench.commands { if case .emit = $0 { true } else { false } }.group)
        var other = group
        other.startTicks += 1
        #expect(!LeftoverGroup.end(other))
        other = group
        other.bootID = "00000000-0000-0000-0000-000000000000"
        #expect(!LeftoverGroup.end(other))
        #expect(!LeftoverGroup.end(ProcessGroup(id: 1, startTicks: 0, bootID: group.bootID)))
        #expect(kill(-group.id, 0) == 0)
        bench.pool.perform([.endProcessGroup(group)])
        #expect(try bench.commands().error?.code == "signal")
        #expect(groupIsGone(group.id))
        _ = run
    }

    @Test func leftoversWithoutTheirLeaderAreKnownByTheirMark() throws {
        let bench = try WorkerBench()
        // A leader that ends and is reaped while its group lives on: made here by hand, the pool would end the group.
        let program = try bench.script("sleep 300 & while ! grep -q sleep /proc/$!/cmdline; do :; done")
        let command = ProgramCommand(
            arguments: program, directory: bench.directory,
            environment: ProgramEnvironment.adding(jobID: "j", to: ProgramEnvironment.ofThisProcess()))
        let child = try command.start()
        defer { for fd in [child.stdin_fd, child.stdout_fd, child.stderr_fd, child.pidfd] { close(fd) } }
        let group = ProcessGroup(
            id: child.pid, startTicks: try #require(ProcessIdentity(pid: child.pid)).startTicks,
            bootID: ProcessIdentity.bootID)
        var status: Int32 = 0
        waitpid(child.pid, &status, 0)
        #expect(ProcessIdentity(pid: child.pid) == nil)
        #expect(kill(-child.pid, 0) == 0)
        #expect(LeftoverGroup.end(group))
        #expect(groupIsGone(child.pid))
        #expect(!LeftoverGroup.end(group))
    }
}
