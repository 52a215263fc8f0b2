// The bounds of jobs, channels and events: at the bound it is taken, one past it is refused or cut as the reference says, the bound's
// count moves by one, and the server goes on.

import Foundation
import Testing

@Suite struct JobBoundTests {
    private func post(_ server: ServerProcess, channel: String, data: String) throws -> TestResponse {
        try server.client.post("/v1/channels/\(channel)/events", json: "{\"event\":\"e\",\"data\":\(data)}")
    }

    private func text(bytes: Int) -> String { "\"" + String(repeating: "a", count: bytes - 2) + "\"" }

    @Test func jobsThatWait() throws {
        let server = try HeldKinds.server(more: "limits:\n  max_queued_jobs: 2\n")
        let jobs = try (0..<3).map { _ in try server.client.start("single") }
        #expect(try server.client.hits("limits.max_queued_jobs") == 0)
        let refused = try server.client.post("/v1/jobs", json: "{\"kind\":\"single\"}")
        #expect(refused.problem == "queue-full")
        #expect(refused.headers["retry-after"] != nil)
        #expect(try server.client.hits("limits.max_queued_jobs") == 1)
        #expect((try server.client.get("/v1/jobs")["jobs"] as? [Any])?.count == 3, "nothing was stored")
        for id in jobs {
            try server.client.give(id)
            #expect(try server.client.events(id).rest().terminal.map(\.name) == ["completed"])
        }
        #expect(try server.client.post("/v1/jobs", json: "{\"kind\":\"single\"}").status == 202)
    }

    @Test func channels() throws {
        let server = try ServerProcess(configuration: "limits:\n  max_channels: 2\n")
        #expect(try post(server, channel: "a", data: "1").status == 200)
        #expect(try post(server, channel: "b", data: "1").status == 200)
        #expect(try server.client.hits("limits.max_channels") == 0)
        let refused = try post(server, channel: "c", data: "1")
        #expect(refused.problem == "limit-reached")
        #expect(refused.headers["retry-after"] != nil)
        #expect(try server.client.hits("limits.max_channels") == 1)
        #expect(try post(server, channel: "a", data: "2").status == 200)
    }

    @Test func messagesToAJob() throws {
        let server = try HeldKinds.server(more: "limits:\n  max_messages_per_job: 2\n")
        let id = try server.client.start("echo")
        let stream = try server.client.events(id)
        for _ in 0..<2 { #expect(try server.client.give(id, input: "1").status == 202) }
        #expect(try server.client.hits("limits.max_messages_per_job") == 0)
        let refused = try server.client.give(id, input: "\"end\"")
        #expect(refused.status == 409)
        #expect(refused.problem == "too-many-messages")
        #expect(refused.headers["retry-after"] == nil, "it never has room again")
        #expect(try server.client.hits("limits.max_messages_per_job") == 1)
        for _ in 0..<2 { try stream.until("echo") }
        #expect(try server.client.cancel(id).status == 202)
        #expect(try stream.rest().terminal.map(\.name) == ["cancelled"])
    }

    @Test func dataOfAnEvent() throws {
        let server = try ServerProcess(configuration: "limits:\n  max_event_bytes: 256\n")
        #expect(try post(server, channel: "c", data: text(bytes: 256)).status == 200)
        let refused = try post(server, channel: "c", data: text(bytes: 257))
        #expect(refused.problem == "invalid-value")
        #expect(refused.fields == ["data"])
        #expect(try server.client.hits("limits.max_event_bytes") == 1)
        #expect(try post(server, channel: "c", data: text(bytes: 256)).status == 200)
    }

    @Test func dataOfAProgramsEvent() throws {
        let line = { (bytes: Int) in "{\"event\":\"e\",\"data\":\(text(bytes: bytes))}" }
        let server = try HeldKinds.server(
            more: "  talks:\n    worker: { exec: [\"./talks.sh\"] }\nlimits:\n  max_event_bytes: 256\n",
            files: [
                "talks.sh": """
                #!/bin/sh
                echo '\(line(256))'
                echo '\(line(257))'
                echo '\(String(repeating: "\u{1F600}", count: 100))' >&2
                echo '{"event":"next","data":1}'

                """
            ])
        let events = try server.client.events(try server.client.start("talks")).rest().numbered
        let spoken = events.filter { $0.object["stream"] as? String != "stderr" }
        #expect(spoken.map(\.name) == ["e", "log", "next", "completed"])
        #expect(spoken[0].data.utf8.count == 256)
        let errors = events.filter { $0.object["stream"] as? String == "stderr" }
        for cut in [spoken[1]] + errors {
            #expect(cut.data.utf8.count <= 256 && cut.data.utf8.count > 200)
            #expect(cut.object["truncated"] as? Bool == true)
            #expect(!cut.data.contains("\u{FFFD}"), "not cut within a character")
        }
        #expect(errors.count == 1)
        #expect(try server.client.hits("limits.max_event_bytes") == 2)
    }

    @Test func aLineOfAProgram() throws {
        let server = try HeldKinds.server(
            more: "  talks:\n    worker: { exec: [\"./talks.sh\"] }\nlimits:\n  max_line_bytes: 256\n",
            files: [
                "talks.sh": """
                #!/bin/sh
                echo '\(String(repeating: "a", count: 256))'
                echo '\(String(repeating: "b", count: 257))'
                echo '{"event":"next","data":1}'

                """
            ])
        let events = try server.client.events(try server.client.start("talks")).rest().numbered
        #expect(events.map(\.name) == ["log", "log", "next", "completed"])
        #expect(events[0].object["line"] as? String == String(repeating: "a", count: 256))
        #expect(events[0].object["truncated"] == nil)
        #expect(events[1].object["line"] as? String == String(repeating: "b", count: 256))
        #expect(events[1].object["truncated"] as? Bool == true)
        #expect(try server.client.hits("limits.max_line_bytes") == 1)
    }

    @Test func threadsForHandlersThatBlock() throws {
        let server = try ServerProcess(configuration: "workers:\n  blocking_threads: 1\n")
        let input = "{\"steps\":3,\"interval_ms\":20,\"block\":true}"
        _ = try server.client.events(try server.client.start("demo.steps", input: input)).rest()
        #expect(try server.client.hits("workers.blocking_threads") == 0)
        let jobs = try (0..<3).map { _ in try server.client.start("demo.steps", input: input) }
        for id in jobs { #expect(try server.client.events(id).rest().terminal.map(\.name) == ["completed"]) }
        #expect(try server.client.hits("workers.blocking_threads") >= 1)
    }

    @Test func eventsThatALogKeeps() throws {
        let server = try ServerProcess(configuration: "retention:\n  events_per_log: 8\n")
        for n in 1...8 { #expect(try post(server, channel: "c", data: "\(n)").status == 200) }
        #expect(try server.client.hits("retention.events_per_log") == 0)
        // With the slack of an eighth.
        for n in 9...10 { #expect(try post(server, channel: "c", data: "\(n)").status == 200) }
        #expect(try eventually { try server.client.hits("retention.events_per_log") == 1 })
        #expect(try server.client.hits("retention.bytes_per_log") == 0)
    }

    @Test func whatTheMemoryStoreHolds() throws {
        let server = try ServerProcess(configuration: "journal:\n  store: memory\n  memory_bytes: 1MiB\n")
        let large = text(bytes: 100_000)
        var taken = 0
        var answer = try post(server, channel: "c", data: large)
        while answer.status == 200, taken < 100 {
            taken += 1
            #expect(try server.client.hits("journal.memory_bytes") == 0)
            answer = try post(server, channel: "c", data: large)
        }
        #expect((5...10).contains(taken), "\(taken) of 100 kB in 1 MiB")
        #expect(answer.problem == "store-unavailable")
        #expect(answer.headers["retry-after"] != nil)
        #expect(try server.client.hits("journal.memory_bytes") == 1)
        // What fits is still taken, and what was taken is there.
        #expect(try post(server, channel: "c", data: "1").status == 200)
        let stream = try server.client.stream("/v1/events?channel=c")
        for _ in 0..<taken { #expect(try stream.next()?.data.utf8.count == 100_000) }
        #expect(try stream.next()?.data == "1")
    }
}
