import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import Millstream
@testable import MillstreamRuntime

// The demo kinds against their contract, on the real pool.

struct DemoTests {
    private func bench(recording: String? = nil) throws -> WorkerBench {
        let directory = NSTemporaryDirectory()
        return try WorkerBench(
            handlers: DemoKinds.handlers(recording: recording), uploadPath: { $0 == "up" ? directory + "/none" : nil })
    }

    private func drafts(_ commands: [LedgerCommand]) -> [DraftEvent] {
        commands.compactMap { if case .emit(_, let draft) = $0 { draft } else { nil } }
    }

    @Test(arguments: [false, true])
    func stepsHaveTheExactSizeAndTheirTimes(block: Bool) throws {
        let bench = try bench()
        let before = MonotonicTime.current().nanoseconds
        try bench.start(
            .swift, kind: "demo.steps", input: #"{"steps":13,"interval_ms":5,"data_bytes":200,"block":\#(block)}"#)
        let commands = try bench.commands()
        let drafts = drafts(commands)
        #expect(drafts.count == 13 && drafts.allSatisfy { $0.name == "progress" && $0.data.bytes.count == 200 })
        #expect(drafts.map { $0.data.member("step")?.intValue } == (1...13).map { $0 })
        #expect(drafts.allSatisfy { $0.data.member("steps")?.intValue == 13 })
        #expect(drafts.last?.data.member("progress")?.doubleValue == 100)
        let times = drafts.compactMap { $0.data.member("t")?.intValue.map(UInt64.init) }
        #expect(times == times.sorted() && times.count == 13)
        #expect(times.first.map { $0 - before >= 5_000_000 } == true)
        #expect(commands.outcome == .completed(JSONText(trusted: Array(#"{"steps":13}"#.utf8))))
        for draft in drafts { #expect((try? JSONText(validating: draft.data.bytes)) == draft.data) }
    }

    @Test func dataShorterThanTheObjectIsTheObject() throws {
        let bench = try bench()
        try bench.start(.swift, kind: "demo.steps", input: #"{"steps":1,"interval_ms":0,"data_bytes":0}"#)
        let draft = try #require(drafts(try bench.commands()).first)
        #expect(draft.data.member("pad")?.stringValue == "")
        let own = draft.data.bytes.count
        for size in [own - 1, own, own + 1, own + 100] {
            try bench.start(.swift, kind: "demo.steps", input: #"{"steps":1,"interval_ms":0,"data_bytes":\#(size)}"#)
            let data = try #require(drafts(try bench.commands()).first).data
            // The time may gain a digit only once in decades.
            #expect(data.bytes.count == max(own, size))
        }
    }

    @Test func stepsFailWhereTheyAreAskedTo() throws {
        let bench = try bench()
        for block in [false, true] {
            try bench.start(
                .swift, kind: "demo.steps", input: #"{"steps":5,"interval_ms":0,"fail_at":3,"block":\#(block)}"#)
            let commands = try bench.commands()
            #expect(commands.events.count == 3)
            #expect(
                commands.outcome
                    == .failed(
                        JobError(code: "handler", message: "failed after step 3, as its input asked"), retryable: false)
            )
        }
    }

    @Test(arguments: [
        ("demo.steps", #"{"steps":"13"}"#), ("demo.steps", #"{"steps":-1}"#), ("demo.steps", #"{"steps":1.5}"#),
        ("demo.steps", #"{"stepz":1}"#), ("demo.steps", "[]"), ("demo.steps", #"{"block":1}"#),
        ("demo.steps", #"{"data_bytes":1e99}"#), ("demo.steps", #"{"fail_at":0}"#),
        ("demo.steps", #"{"steps":1,"steps":2}"#),
        ("demo.publish", #"{"channel":"a/b"}"#), ("demo.publish", #"{"rate":0}"#), ("demo.publish", #"{"channels":0}"#),
        ("demo.publish", #"{"channel":7}"#), ("demo.publish", #"{"count":null,"rate":"fast"}"#),
        ("demo.transcribe", #"{"path":"/etc/passwd"}"#), ("demo.transcribe", #"{"upload":"../../etc/passwd"}"#),
    ])
    func inputThatIsWrongFailsClearly(kind: String, input: String) throws {
        let bench = try bench()
        try bench.start(.swift, kind: kind, input: input)
        guard case .failed(let error, let retryable)? = try bench.commands().outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.code == "input" && !retryable && !error.message.isEmpty)
    }

    @Test func publishingGoesRoundAtThePlannedRate() throws {
        let bench = try bench()
        let start = MonotonicTime.current()
        try bench.start(
            .swift, kind: "demo.publish",
            input: #"{"channel":"x","channels":3,"rate":1000,"count":100,"data_bytes":120}"#)
        let commands = try bench.commands()
        #expect(MonotonicTime.current().milliseconds(since: start) >= 98)
        var channels: [String] = []
        for case .emitToChannel(let channel, let draft) in commands {
            channels.append(channel)
            #expect(draft.name == "message" && draft.data.bytes.count == 120)
            #expect(draft.data.member("n")?.intValue == channels.count - 1)
            #expect(draft.data.member("t")?.intValue != nil)
        }
        #expect(channels == (0..<100).map { "x-\($0 % 3)" })
        #expect(commands.outcome.map { if case .completed = $0 { true } else { false } } == true)
    }

    @Test func oneChannelHasNoNumber() throws {
        let bench = try bench()
        try bench.start(.swift, kind: "demo.publish", input: #"{"rate":100000,"count":2}"#)
        let commands = try bench.commands()
        guard case .emitToChannel(let channel, _)? = commands.first else {
            Issue.record("nothing was published")
            return
        }
        #expect(channel == "c")
    }

    @Test func theOutputOfTheRecognizerIsReadPerUtterance() {
        var parser = SphinxOutput()
        let lines = [
            "go forward", "<s> 0.000 0.140 0.999400", "go(2) 0.150 0.360 0.2", "<sil> 0.4 0.5 1.0",
            "forward 0.37 0.62 0.98",
            "</s> 7.090 7.200 1.000000", "", "<s> 8 8.1 1", "</s> 8.1 8.2 1", "ten meters", "<s> 9.0 9.1 1",
            "ten 9.1 9.5 0.5",
        ]
        var found: [SphinxOutput.Words] = []
        for line in lines { if let words = parser.take(line) { found.append(words) } }
        if let last = parser.finish() { found.append(last) }
        #expect(
            found == [
                SphinxOutput.Words(text: "go forward", start: 0.15, end: 0.62),
                SphinxOutput.Words(text: "ten meters", start: 9.1, end: 9.5),
            ])
    }

    private static var toolsAreHere: Bool {
        DemoTool.allCases.allSatisfy { DemoTool.isInPath($0.program) } && !InstalledRecording.find().isEmpty
    }

    @Test(.enabled(if: DemoTests.toolsAreHere)) func theInstalledRecordingIsTranscribed() throws {
        let bench = try bench()
        try bench.start(.swift, kind: "demo.transcribe", input: "{}")
        let commands = try bench.commands(untilFinished: 1, seconds: 240)
        guard case .completed(let result?)? = commands.outcome else {
            Issue.record("\(String(describing: commands.outcome))")
            return
        }
        let text = try #require(result.member("text")?.stringValue)
        #expect(text.contains("cold hearted"))
        let duration = try #require(result.member("duration_s")?.doubleValue)
        #expect(duration > 24 && duration < 40)
        let drafts = drafts(commands)
        let transcripts = drafts.filter { $0.name == "transcript" }
        #expect(transcripts.count == result.member("segments")?.elements()?.count && transcripts.count >= 5)
        let progress = drafts.filter { $0.name == "progress" }.compactMap { $0.data.member("progress")?.doubleValue }
        #expect(progress == progress.sorted() && progress.last == 100)
        print("transcription: \(progress.count) progress events, \(transcripts.count) utterances: \(text)")
    }

    @Test(.enabled(if: DemoTests.toolsAreHere)) func aFileThatIsNoRecordingFailsWithoutItsPath() throws {
        let path = NSTemporaryDirectory() + "millstream-list-" + UUID().uuidString
        // A play list that names a file of the server's: not even opened.
        try Data("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n".utf8).write(
            to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bench = try WorkerBench(handlers: DemoKinds.handlers(recording: nil), uploadPath: { _ in path })
        try bench.start(.swift, kind: "demo.transcribe", input: #"{"upload":"u"}"#)
        let error = try bench.commands(untilFinished: 1).error
        #expect(error?.code == "input")
        #expect(error?.message.contains("millstream-list") == false)
        print("no recording: \(error?.message ?? "")")
    }

    @Test(.enabled(if: DemoTests.toolsAreHere)) func aCancelledTranscriptionLeavesNothing() throws {
        let bench = try bench()
        let run = try bench.start(.swift, kind: "demo.transcribe", input: "{}")
        var groups: [Int32] = []
        _ = try bench.commands(seconds: 120) { command in
            if case .noteProcess(_, let group) = command { groups.append(group.id) }
            return groups.count == 3
        }
        bench.pool.perform([.stop(run, graceMs: 30_000)])
        let commands = try bench.commands(untilFinished: 1)
        #expect(commands.outcome == .stopped)
        #expect(groups.allSatisfy { groupIsGone($0) })
    }
}
