import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import Testing

@testable import MillstreamRuntime

// What a program says and hears, with real programs.

struct ProgramProtocolTests {
    @Test func linesWithAnEventBecomeEventsAndOthersBecomeLogs() throws {
        let bench = try WorkerBench()
        let program = try bench.script(
            #"""
            echo '{"event":"progress","data":{"progress":50.0}}'
            echo '{"event":"note"}'
            echo '  { "event" : "spaced" , "data" : [ 1 , 2 ] }  '
            echo 'plain words'
            echo '{"data":1}'
            echo '{"event":7}'
            echo '{"event":"completed","data":1}'
            echo '{"event":"bad name"}'
            echo '{"event":"broken"'
            echo ''
            echo '{"event":"result","data":{"n":1.50}}'
            """#)
        try bench.start(program)
        let commands = try bench.commands()
        #expect(
            commands.events == [
                #"progress {"progress":50.0}"#,
                "note null",
                "spaced [1,2]",
                #"log {"stream":"stdout","line":"plain words"}"#,
                #"log {"stream":"stdout","line":"{\"data\":1}"}"#,
                #"log {"stream":"stdout","line":"{\"event\":7}"}"#,
                #"log {"stream":"stdout","line":"{\"event\":\"completed\",\"data\":1}"}"#,
                #"log {"stream":"stdout","line":"{\"event\":\"bad name\"}"}"#,
                #"log {"stream":"stdout","line":"{\"event\":\"broken\""}"#,
                #"log {"stream":"stdout","line":""}"#,
                #"result {"n":1.50}"#,
            ])
        #expect(commands.outcome == .completed(nil))
    }

    @Test func theFirstLineOfInputNamesTheJob() throws {
        let bench = try WorkerBench(uploadPath: { $0 == "up-1" ? "/data/up \"1\"" : nil })
        let program = try bench.script("read -r line; printf '%s\\n' \"$line\"; echo \"$MILLSTREAM_JOB_ID\"; pwd")
        try bench.start(program, input: #"{"upload":"up-1","n":1.0}"#)
        let lines = try bench.commands().events.compactMap { event in
            try JSONText(validating: Array(event.dropFirst(4).utf8)).member("line")?.stringValue
        }
        #expect(
            lines.first
                == #"{"job_id":"job-1","kind":"test","attempt":1,"input":{"upload":"up-1","n":1.0},"upload_path":"/data/up \"1\""}"#
        )
        #expect(lines.dropFirst().first == "job-1")
        #expect(
            lines.last.map { URL(fileURLWithPath: $0).lastPathComponent }
                == (bench.directory as NSString).lastPathComponent)
    }

    @Test func messagesFollowTheFirstLineInOrder() throws {
        let bench = try WorkerBench(uploadPath: { "/files/" + $0 })
        let program = try bench.script("read -r first; for n in 1 2 3 4; do read -r line; echo \"got $line\"; done")
        let run = try bench.start(program, messages: [#"{"input":1}"#, #"{"input":2}"#])
        bench.pool.perform([
            .deliver(run, try WorkerBench.message(3, #"{"input":{"a":"b"}}"#)),
            .deliver(run, try WorkerBench.message(4, #"{"upload":"u9"}"#)),
        ])
        let commands = try bench.commands()
        #expect(
            commands.events == [
                #"log {"stream":"stdout","line":"got {\"input\":1}"}"#,
                #"log {"stream":"stdout","line":"got {\"input\":2}"}"#,
                #"log {"stream":"stdout","line":"got {\"input\":{\"a\":\"b\"}}"}"#,
                #"log {"stream":"stdout","line":"got {\"upload\":\"u9\",\"upload_path\":\"/files/u9\"}"}"#,
            ])
        #expect(commands.outcome == .completed(nil))
    }

    @Test func theGroupIsNotedBeforeAnythingTheProgramSays() throws {
        let bench = try WorkerBench()
        try bench.start(try bench.script("read -r line; echo $$"))
        let commands = try bench.commands()
        guard case .noteProcess(_, let group)? = commands.first else {
            Issue.record("the first command is \(commands.first.map { "\($0)" } ?? "none")")
            return
        }
        #expect(commands.events == [#"log {"stream":"stdout","line":"\#(group.id)"}"#])
        #expect(group.bootID == ProcessIdentity.bootID && !group.bootID.isEmpty && group.startTicks > 0)
    }

    @Test func aLastLineWithoutALineEndCounts() throws {
        let bench = try WorkerBench()
        try bench.start(try bench.script(#"printf '{"event":"last","data":1}'"#))
        #expect(try bench.commands().events == ["last 1"])
    }

    @Test func aLineAtTheLimitPassesAndOnePastItIsCut() throws {
        var limits = PoolLimits()
        limits.maxLineBytes = 1000
        let bench = try WorkerBench(pool: limits)
        let program = try bench.script(
            "import sys\nsys.stdout.write('a'*1000+'\\n'+'b'*1001+'\\n'+'c'*3000000+'\\n'+'d\\n')", name: "w.py",
            interpreter: "/usr/bin/env python3")
        try bench.start(program)
        let events = try bench.commands().events
        let cut = { (letter: String) in
            #"log {"stream":"stdout","line":"\#(String(repeating: letter, count: 1000))","truncated":true}"#
        }
        #expect(events.count == 4)
        #expect(events.first == #"log {"stream":"stdout","line":"\#(String(repeating: "a", count: 1000))"}"#)
        #expect(events.dropFirst().first == cut("b"))
        #expect(events.dropFirst(2).first == cut("c"))
        #expect(events.last == #"log {"stream":"stdout","line":"d"}"#)
    }

    @Test func bytesThatAreNoUTF8AreRepaired() throws {
        let bench = try WorkerBench()
        try bench.start(
            try bench.script(
                #"printf 'caf\351 \377\n'; printf '{"event":"e","data":"caf\351"}\n'; printf 'n\000ul\r\n'"#))
        #expect(
            try bench.commands().events == [
                "log {\"stream\":\"stdout\",\"line\":\"caf\u{FFFD} \u{FFFD}\"}",
                "e \"caf\u{FFFD}\"",
                #"log {"stream":"stdout","line":"n\u0000ul"}"#,
            ])
    }

    @Test func exitStatusesAndSignalsFailTheJobWithTheLastErrorLines() throws {
        let bench = try WorkerBench()
        try bench.start(try bench.script("for n in $(seq 30); do echo line $n >&2; done; exit 7"), number: 1)
        let failed = try bench.commands()
        #expect(failed.error?.code == "exit_status")
        #expect(failed.error?.message == "the program ended with exit status 7")
        #expect(failed.error?.stderr == (11...30).map { "line \($0)" })
        #expect(failed.events.first == #"log {"stream":"stderr","line":"line 1"}"#)

        try bench.start(try bench.script("kill -KILL $$", name: "kill.sh"), number: 2)
        let killed = try bench.commands()
        #expect(killed.error?.code == "signal")
        #expect(killed.error?.message.hasPrefix("the program ended with signal 9") == true)
    }

    @Test func standardErrorIsRateLimitedAndSaysWhatWasLeftOut() throws {
        var limits = PoolLimits()
        limits.stderrBurstLines = 10
        limits.stderrLinesPerSecond = 0
        let bench = try WorkerBench(pool: limits)
        try bench.start(try bench.script("seq 500 >&2; exit 1"))
        let commands = try bench.commands()
        #expect(commands.events.count == 11)
        #expect(
            commands.events.last == #"log {"stream":"stderr","line":"(490 lines were left out)","suppressed":490}"#)
        #expect(commands.error?.stderr.last == "500")
    }

    @Test func aProgramThatCannotBeStartedFailsForGood() throws {
        let bench = try WorkerBench()
        let plain = bench.directory + "/plain.txt"
        try Data("no program".utf8).write(to: URL(fileURLWithPath: plain))
        let cases: [([String], String?)] = [
            (["./missing"], nil), (["no-such-program-anywhere"], nil), (["./plain.txt"], nil), ([], nil), ([""], nil),
            (["sh"], bench.directory + "/nowhere"), (["sh", "a\0b"], nil),
        ]
        for (index, (arguments, directory)) in cases.enumerated() {
            try bench.start(arguments, number: Int64(index + 1), directory: directory)
            let outcome = try bench.commands().outcome
            guard case .failed(let error, let retryable)? = outcome else {
                Issue.record("\(arguments): \(String(describing: outcome))")
                continue
            }
            #expect(error.code == "spawn" && !retryable, "\(arguments)")
            #expect(!error.message.isEmpty)
        }
    }

    @Test func programsAreFoundInThePathOnlyWithoutASlash() throws {
        let bench = try WorkerBench()
        _ = try bench.script("echo wrong", name: "sh")
        try bench.start(["sh", "-c", "echo right"])
        #expect(try bench.commands().events == [#"log {"stream":"stdout","line":"right"}"#])
    }

    @Test func aProgramThatNeverReadsItsInputIsNoError() throws {
        let bench = try WorkerBench()
        let big = "\"" + String(repeating: "x", count: 900_000) + "\""
        try bench.start(try bench.script("exec 0<&-; echo done"), input: big)
        let commands = try bench.commands()
        #expect(commands.events == [#"log {"stream":"stdout","line":"done"}"#])
        #expect(commands.outcome == .completed(nil))
    }

    @Test func inputLargerThanThePipeArrivesWhole() throws {
        let bench = try WorkerBench()
        let big = "\"" + String(repeating: "x", count: 900_000) + "\""
        try bench.start(try bench.script("read -r line; echo ${#line}", interpreter: "/bin/bash"), input: big)
        let expected = 900_002 + #"{"job_id":"job-1","kind":"test","attempt":1,"input":}"#.utf8.count
        #expect(try bench.commands().events == [#"log {"stream":"stdout","line":"\#(expected)"}"#])
    }

    @Test func tooMuchUnreadInputFailsTheRun() throws {
        var limits = PoolLimits()
        limits.maxPendingInputBytes = 100_000
        let bench = try WorkerBench(pool: limits)
        let run = try bench.start(try bench.script("exec sleep 60"))
        let message = try WorkerBench.message(1, "{\"input\":\"" + String(repeating: "x", count: 90_000) + "\"}")
        bench.pool.perform([.deliver(run, message), .deliver(run, message), .deliver(run, message)])
        #expect(try bench.commands().error?.code == "input_overflow")
    }

    @Test func programsInheritNoDescriptorsAndDefaultSignals() throws {
        let bench = try WorkerBench()
        // A descriptor without close-on-exec, as a careless library might leave one.
        let leaked = dup(1)
        defer { close(leaked) }
        let program = try bench.script(
            """
            import os, signal
            print(sorted(int(f) for f in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + f)))
            status = open('/proc/self/status').read().split('\\n')
            print([l for l in status if l.startswith('SigBlk')][0].split()[1])
            print(os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid())
            """, name: "fds.py", interpreter: "/usr/bin/env python3")
        try bench.start(program)
        #expect(
            try bench.commands().events == [
                #"log {"stream":"stdout","line":"[0, 1, 2]"}"#,
                #"log {"stream":"stdout","line":"0000000000000000"}"#,
                #"log {"stream":"stdout","line":"True True"}"#,
            ])
    }

    @Test func aProgramWaitsWhileTheJournalIsFull() throws {
        var limits = LaneLimits()
        limits.maxEmissions = 8
        let bench = try WorkerBench(lane: limits)
        let marker = bench.directory + "/written"
        let program = try bench.script(
            """
            import sys
            f = open('\(marker)', 'w')
            for n in range(20000):
                print('{"event":"n","data":%d}' % n, flush=True)
                f.seek(0); f.write(str(n)); f.flush()
            """, name: "flood.py", interpreter: "/usr/bin/env python3")
        try bench.start(program)
        // Nobody takes anything: the program must come to a halt well before its end. It has halted when two looks agree.
        var last = -1
        var agreements = 0
        let deadline = Date().addingTimeInterval(20)
        while agreements < 3, Date() < deadline {
            let now = Int((try? String(contentsOfFile: marker, encoding: .utf8)) ?? "") ?? -1
            agreements = now > 0 && now == last ? agreements + 1 : 0
            last = now
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(100))
        }
        #expect(last < 15_000)
        #expect(bench.lane.queue.depths.emissions <= 8)
        let events = try bench.commands().events
        #expect(events == (0..<20_000).map { "n \($0)" })
    }
}
