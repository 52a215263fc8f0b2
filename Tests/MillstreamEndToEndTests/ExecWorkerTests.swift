// A program as worker: what its lines become, what its end means.

import Foundation
import MillstreamSSE
import Testing

@Suite struct ExecWorkerTests {
    /// Runs one script as one job and returns its events.
    private func run(_ script: String, input: String = "{}", limits: String = "") throws -> [ServerSentEvent] {
        let yaml = limits + "kinds:\n  script:\n    worker: { exec: [\"./script.sh\", \"--flag\", \"a b\"] }\n"
        let server = try ServerProcess([], configuration: yaml, files: ["script.sh": "#!/bin/sh\n" + script])
        let id = try server.client.start("script", input: input)
        let events = try server.client.events(id).rest()
        #expect(events.sequences == Array(1...max(1, events.numbered.count)))
        #expect(events.terminal.count == 1)
        return events
    }

    private func error(_ events: [ServerSentEvent]) -> [String: Any] {
        events.last?.object["error"] as? [String: Any] ?? [:]
    }

    @Test func theFirstLineSaysWhatToDo() throws {
        let events = try run(
            """
            read -r start
            printf '{"event":"start","data":%s}\\n' "$start"
            printf '{"event":"arguments","data":["%s","%s","%s"]}\\n' "$#" "$1" "$2"
            """, input: "{\"n\":1.50,\"text\":\"ü\\n\"}")
        let start = try #require(events.named("start").first)
        #expect(Set(start.object.keys) == ["job_id", "kind", "attempt", "input"])
        #expect(start.object["kind"] as? String == "script")
        #expect(start.object["attempt"] as? Int == 1)
        #expect(start.data.contains("{\"n\":1.50,\"text\":\"ü\\n\"}"))
        #expect(events.named("arguments").first?.data == "[\"2\",\"--flag\",\"a b\"]")
        #expect(events.last?.name == "completed")
    }

    struct Line: Sendable {
        var text: String
        var name: String
        var data: String?

        init(_ text: String, _ name: String, _ data: String? = nil) {
            self.text = text
            self.name = name
            self.data = data
        }
    }

    static let lines: [Line] = [
        Line("{\"event\":\"e\",\"data\":{\"a\":[1.50,1e400,-0]}}", "e", "{\"a\":[1.50,1e400,-0]}"),
        Line("  {\"event\" : \"e\" , \"data\" : \"two\\nlines\" }  ", "e", "\"two\\nlines\""),
        Line("{\"event\":\"e\"}", "e", "null"),
        Line("{\"event\":\"A-b_c.d:e\",\"data\":true}", "A-b_c.d:e", "true"),
        Line("plain text", "log"),
        Line("", "log"),
        Line("{\"event\":5}", "log"),
        Line("{\"event\":\"e\"", "log"),
        Line("[\"event\"]", "log"),
        Line("{\"event\":\"\"}", "log"),
        Line("{\"event\":\"a b\"}", "log"),
        Line("{\"event\":\"\(String(repeating: "x", count: 65))\"}", "log"),
        Line("{\"event\":\"status\",\"data\":1}", "log"),
        Line("{\"event\":\"completed\"}", "log"),
        Line("{\"event\":\"failed\"}", "log"),
        Line("{\"event\":\"cancelled\"}", "log"),
        Line("{\"event\":\"gap\"}", "log"),
        Line("{\"event\":\"closing\"}", "log"),
        Line("{\"event\":\"retrying\"}", "log"),
        Line("id: 5", "log"),
        Line("tab\tquote\" back\\slash \u{1}", "log"),
    ]

    @Test func eachLineIsAnEventOrALogLine() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("lines", Self.lines.map { $0.text + "\n" }.joined() + "last without an end")
        let events = try run("cat '\(file.path)'").numbered
        #expect(events.count == Self.lines.count + 2)
        for (line, event) in zip(Self.lines + [Line("last without an end", "log")], events) {
            #expect(event.name == line.name, "\(line.text)")
            if line.name == "log" {
                #expect(event.object["stream"] as? String == "stdout", "\(line.text)")
                #expect(event.object["line"] as? String == line.text, "\(line.text)")
            } else {
                #expect(event.data == line.data, "\(line.text)")
            }
        }
    }

    @Test func bytesThatAreNoTextDoNoHarm() throws {
        let events = try run("printf 'a\\377\\376b\\0c\\r\\n'; printf '{\"event\":\"e\",\"data\":\"\\377\"}\\n'")
            .numbered
        #expect(events.count == 3)
        #expect(events[1].name == "log" || events[1].data == "\"\u{FFFD}\"", "a log line, or a text that is one")
        let line = try #require(events[0].object["line"] as? String)
        #expect(line.hasPrefix("a") && line.contains("b"))
    }

    @Test func aLineThatIsTooLongIsCutAndSaysSo() throws {
        let events = try run(
            "head -c 100000 /dev/zero | tr '\\0' x; echo; echo '{\"event\":\"next\",\"data\":1}'",
            limits: "limits:\n  max_line_bytes: 1KiB\n"
        ).numbered
        #expect(events.map(\.name) == ["log", "next", "completed"])
        let log = events[0].object
        #expect((log["line"] as? String)?.hasPrefix("xxxx") == true)
        #expect(events[0].data.utf8.count <= 2048)
        #expect(!Set(log.keys).subtracting(["stream", "line"]).isEmpty, "a further member says that it was cut")
    }

    @Test func progressAndResultBecomeThoseOfTheJob() throws {
        let server = try HeldKinds.server(
            more: "  works:\n    worker: { exec: [\"./works.sh\"] }\n",
            files: [
                "works.sh": """
                #!/bin/sh
                read -r start
                echo '{"event":"progress","data":{"progress":42.5,"note":"half"}}'
                echo '{"event":"progress","data":{"progress":"much"}}'
                echo '{"event":"progress","data":{"progress":1000}}'
                read -r message
                echo '{"event":"result","data":{"answer":42.0}}'

                """
            ])
        let id = try server.client.start("works")
        let stream = try server.client.events(id)
        for _ in 0..<3 { try stream.until("progress") }
        let progress = try #require(try server.client.job(id)["progress"] as? Double)
        #expect(progress == 42.5 || progress == 100, "what is out of range sets nothing, or the bound")
        try server.client.give(id)
        let events = try stream.rest()
        #expect(events.numbered.map(\.name) == ["result", "completed"])
        #expect(events.last?.data.contains("\"result\":{\"answer\":42.0}") == true)
        let job = try server.client.get("/v1/jobs/\(id)")
        #expect(job.text.contains("\"result\":{\"answer\":42.0}"))
    }

    @Test func aLongResultIsFetchedByItsAddress() throws {
        let yaml = "kinds:\n  long:\n    worker: { exec: [\"./long.sh\"] }\n"
        let script = """
            #!/bin/sh
            printf '{"event":"result","data":"'
            head -c 20000 /dev/zero | tr '\\0' x
            printf '"}\\n'

            """
        let server = try ServerProcess([], configuration: yaml, files: ["long.sh": script])
        let id = try server.client.start("long")
        let end = try #require(try server.client.events(id).rest().last)
        #expect(end.object["result"] is NSNull)
        let url = try #require(end.object["result_url"] as? String)
        let whole = try server.client.get(url)
        #expect(whole.status == 200)
        #expect(whole.text.contains(String(repeating: "x", count: 20_000)))
    }

    @Test func standardErrorIsLoggedAndItsLastLinesAreKept() throws {
        let events = try run("for n in 1 2 3 4; do echo \"fault $n\" >&2; done; exit 3")
        let lines = events.named("log").filter { $0.object["stream"] as? String == "stderr" }
        #expect(lines.first?.object["line"] as? String == "fault 1")
        #expect(events.last?.name == "failed")
        #expect(error(events)["code"] as? String == "exit_status")
        #expect((error(events)["stderr"] as? [String])?.last == "fault 4")
        #expect((error(events)["message"] as? String)?.contains("3") == true)
    }

    @Test func aFloodOnStandardErrorNeitherBlocksNorFillsTheLog() throws {
        let events = try run("head -c 3000000 /dev/zero | tr '\\0' '\\n' >&2; echo '{\"event\":\"after\",\"data\":1}'")
        #expect(events.named("after").count == 1)
        #expect(events.named("log").count < 100_000)
        #expect(events.last?.name == "completed")
    }

    @Test func aSignalIsToldAsOne() throws {
        let events = try run("kill -9 $$")
        #expect(events.last?.name == "failed")
        #expect(error(events)["code"] as? String == "signal")
    }

    @Test func aProgramThatIsNotThereFailsItsJob() throws {
        let server = try ServerProcess([], configuration: "kinds:\n  none:\n    worker: { exec: [\"./none.sh\"] }\n")
        let id = try server.client.start("none")
        let end = try #require(try server.client.events(id).rest().last)
        #expect(end.name == "failed")
        #expect((end.object["error"] as? [String: Any])?["message"] as? String != nil)
        #expect(try server.client.get("/livez").status == 200)
    }

    @Test func aProgramThatClosesItsOutputIsNotYetAtItsEnd() throws {
        let events = try run("echo '{\"event\":\"one\",\"data\":1}'; exec 1>&- 2>&-; read -r start; exit 0")
        #expect(events.numbered.map(\.name) == ["one", "completed"])
    }

    @Test func aProgramThatReadsNothingIsGivenMuch() throws {
        let server = try ServerProcess(
            [], configuration: "kinds:\n  deaf:\n    worker: { exec: [\"./deaf.sh\"] }\n",
            files: ["deaf.sh": "#!/bin/sh\necho '{\"event\":\"began\",\"data\":1}'\nexec sleep 600\n"])
        let id = try server.client.start("deaf")
        let stream = try server.client.events(id)
        try stream.until("began")
        let long = "\"" + String(repeating: "x", count: 200_000) + "\""
        for _ in 0..<5 { #expect(try server.client.give(id, input: long).status == 202) }
        #expect(try server.client.get("/livez").status == 200)
        #expect(try server.client.cancel(id).status == 202)
        #expect(try stream.rest().terminal.map(\.name) == ["cancelled"])
    }
}
