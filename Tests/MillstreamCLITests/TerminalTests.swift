import MillstreamJSON
import MillstreamSSE
import Testing

@testable import MillstreamCLI

@Suite struct TerminalTests {
    @Test func barIsGolden() {
        var bar = ProgressBar(kind: "resize", state: "in_progress", percent: 50.9)
        #expect(
            bar.line(columns: 80, elapsedMs: 7000)
                == "resize  [####################....................]  50 %  in_progress  0:07")
        bar.stage = "decoding"
        bar.percent = 100
        #expect(bar.line(columns: 50, elapsedMs: 3_723_000).hasSuffix("100 %  in_progress  1:02:03  decoding"))
        bar.percent = nil
        #expect(bar.line(columns: 80, elapsedMs: 0) == "resize  in_progress  0:00  decoding")
        bar.state = "queued"
        bar.queuePosition = 4
        bar.stage = ""
        #expect(bar.line(columns: 80, elapsedMs: 59_999) == "resize  queued (4)  0:59")
    }

    @Test func barNeverIsWiderThanItsTerminal() {
        let stages = ["", "x", String(repeating: "long ", count: 40), String(repeating: "語", count: 50)]
        for columns in 1...200 {
            for percent: Double? in [nil, -5, 0, 33.3, 100, 250, 1e300, -.infinity, .nan] {
                for stage in stages {
                    let line = ProgressBar(kind: "kind", state: "retrying", percent: percent, stage: stage)
                        .line(columns: columns, elapsedMs: 1)
                    let width = line.reduce(0) { $0 + ($1.isASCII || $1 == "…" ? 1 : 2) }
                    #expect(width <= columns)
                }
            }
        }
    }

    @Test func controlCharactersDoNotReachTheTerminal() {
        #expect(TerminalText.safe("a\u{1B}[2Jb\u{7}\tc\nd\u{9B}") == "a\u{FFFD}[2Jb\u{FFFD} c\u{FFFD}d\u{FFFD}")
        #expect(TerminalText.safe("naïve 語") == "naïve 語")
    }

    @Test func tableIsAligned() {
        var table = TextTable(titles: ["ID", "STATE"])
        table.add(["long-id", "ok"])
        table.add(["x", ""])
        #expect(table.lines == ["ID       STATE", "long-id  ok", "x"])
    }

    private func event(_ name: String, _ data: String) -> ServerSentEvent {
        ServerSentEvent(id: "e-1", name: name, data: data)
    }

    @Test func reporterGoesOnUntilTheTerminalEvent() {
        var reporter = JobReporter(style: .quiet)
        let job: (String) -> String = {
            "{\"id\":\"a\",\"kind\":\"k\",\"state\":\"\($0)\",\"result\":null,\"error\":{\"code\":\"timeout\",\"message\":\"m\"}}"
        }
        // The stream of an ended job begins with its end state and then shows the whole log.
        let events = [
            ("status", job("failed")), ("progress", "{\"progress\":1e300}"), ("odd", "no json"),
            ("failed", job("failed")),
        ]
        let goesOn = events.map { reporter.show(event($0.0, $0.1)) }
        #expect(goesOn == [true, true, true, false])
        #expect(reporter.job?.errorText == "timeout: m")
        #expect(JobSnapshot.exitStatus(ofState: "failed") == 1)
        #expect(JobSnapshot.exitStatus(ofState: "cancelled") == 3)
        #expect(JobSnapshot.exitStatus(ofState: "completed") == 0)
        #expect(JobSnapshot.exitStatus(ofState: "retrying") == nil)
    }

    @Test func eventsArePrintedOnOneLine() throws {
        let progress = event("progress", "{\"a\":1}")
        #expect(EventPrinter.line(progress) == "e-1 progress {\"a\":1}")
        #expect(EventPrinter.line(event("status", "{}")) == "- status {}")
        let data = try JSONText(validating: progress.data.utf8)
        #expect(JobReporter.json(progress, data) == "{\"id\":\"e-1\",\"event\":\"progress\",\"data\":{\"a\":1}}")
        #expect(JobReporter.json(event("gap", "x"), nil) == "{\"id\":null,\"event\":\"gap\",\"data\":\"x\"}")
    }
}
