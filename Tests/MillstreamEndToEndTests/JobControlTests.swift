// What moves a job: cancel, messages, priorities, times, retries, the kind's concurrency.

import Foundation
import Testing

@Suite struct JobControlTests {
    @Test func cancelIsAcceptedOnceAndHarmlessAfterwards() throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        let stream = try server.client.events(id)
        try stream.until("began")
        #expect(try server.client.cancel(id).status == 202)
        #expect(try server.client.cancel(id).status == 200)
        let rest = try stream.rest()
        #expect(rest.terminal.map(\.name) == ["cancelled"])
        let after = try server.client.cancel(id)
        #expect(after.status == 200)
        #expect(after.string("state") == "cancelled")
        #expect((after["error"] as? [String: Any])?["code"] as? String == "cancelled")
        // The path says it all: no body is needed.
        let bare = try server.client.request("POST", "/v1/jobs/\(id)/cancel", body: [])
        #expect(bare.status == 200)
    }

    @Test(
        arguments: [
            ("{\"reason\":\"x\"}", "application/json", 400, "unknown-member"),
            ("{broken", "application/json", 400, "malformed-json"), ("[]", "application/json", 400, "wrong-type"),
            ("{}", "text/plain", 415, "unsupported-media-type"),
        ])
    func aCancelThatCannotBeReadCancelsNothing(
        _ body: String, _ type: String, _ status: Int, _ problem: String
    ) throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        let refused = try server.client.request(
            "POST", "/v1/jobs/\(id)/cancel", ["Content-Type": type], body: Array(body.utf8))
        #expect(refused.status == status)
        #expect(refused.problem == problem)
        if problem == "unknown-member" { #expect(refused.fields == ["reason"]) }
        #expect(try server.client.get("/v1/jobs/\(id)")["finished_at"] is NSNull)
        #expect(try server.client.cancel(id).status == 202)
    }

    @Test func aProgramThatIgnoresTheRequestToEndIsKilledWithItsWholeGroup() throws {
        let script = """
            #!/bin/sh
            trap '' TERM
            read -r start
            sleep 600 >alive &
            echo '{"event":"began","data":null}'
            while true; do sleep 600; done

            """
        let yaml = "kinds:\n  stubborn:\n    worker: { exec: [\"./stubborn.sh\"] }\n    cancel_grace: 50ms\n"
        let files = try TemporaryDirectory()
        // Whoever holds the writing end lives; the reader sees the end when nobody does.
        let fifo = files.file("alive").path
        #expect(mkfifo(fifo, 0o600) == 0)
        let reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        let server = try ServerProcess(
            [], configuration: yaml,
            files: ["stubborn.sh": script.replacingOccurrences(of: ">alive", with: ">\(fifo)")])
        let id = try server.client.start("stubborn")
        let stream = try server.client.events(id)
        try stream.until("began")
        #expect(try server.client.cancel(id).status == 202)
        #expect(try stream.rest().terminal.map(\.name) == ["cancelled"])
        var poller = pollfd(fd: reader, events: 0, revents: 0)
        #expect(poll(&poller, 1, 30_000) == 1, "a child of the program is still there")
        #expect(poller.revents & Int16(POLLHUP) != 0)
    }

    @Test func aMessageBeforeTheStartIsKeptForTheProgram() throws {
        let server = try HeldKinds.server(
            more: """
                  lonely:
                    worker: { exec: ["./echo.sh"] }
                    concurrency: 1

                """)
        let first = try server.client.start("lonely")
        try server.client.events(first).until("start")
        let second = try server.client.start("lonely")
        let kept = try server.client.give(second, input: "{\"n\":1.50}")
        #expect(kept.status == 202)
        #expect(kept.string("state") == "queued")
        #expect(try server.client.give(second, input: "\"end\"").status == 202)
        #expect(try server.client.give(first, input: "\"end\"").status == 202)
        let events = try server.client.events(second).rest()
        #expect(events.named("echo").map(\.data) == ["{\"input\":{\"n\":1.50}}", "{\"input\":\"end\"}"])
        #expect(events.terminal.map(\.name) == ["completed"])
        let late = try server.client.give(second)
        #expect(late.status == 409)
        #expect(late.problem == "job-ended")
    }

    @Test func eachAttemptIsGivenAllMessagesAgain() throws {
        let script = """
            #!/bin/sh
            read -r start
            echo '{"event":"began","data":null}'
            read -r message
            printf '{"event":"got","data":%s}\\n' "$message"
            case "$start" in *'"attempt":2'*) exit 0;; esac
            exit 1

            """
        let yaml = """
            kinds:
              twice:
                worker: { exec: ["./twice.sh"] }
                retries: { attempts: 2, backoff: 1ms, max_backoff: 1ms }
            """
        let server = try ServerProcess([], configuration: yaml, files: ["twice.sh": script])
        let id = try server.client.start("twice")
        let stream = try server.client.events(id)
        try stream.until("began")
        try server.client.give(id, input: "\"hello\"")
        let events = try stream.rest()
        #expect(events.numbered.map(\.name) == ["got", "retrying", "began", "got", "completed"])
        #expect(Set(events.named("got").map(\.data)) == ["{\"input\":\"hello\"}"])
    }

    @Test func aProgramMayAskForInput() throws {
        let script = """
            #!/bin/sh
            read -r start
            echo '{"event":"input_required","data":{"question":"name?"}}'
            read -r message
            echo '{"event":"thanks","data":null}'
            read -r message

            """
        let yaml = "kinds:\n  asks:\n    worker: { exec: [\"./asks.sh\"] }\n"
        let server = try ServerProcess([], configuration: yaml, files: ["asks.sh": script])
        let id = try server.client.start("asks")
        let stream = try server.client.events(id)
        #expect(try stream.until("input_required").last?.data == "{\"question\":\"name?\"}")
        #expect(try server.client.state(id) == "input_required")
        #expect(try server.client.give(id, input: "\"me\"").string("state") == "in_progress")
        let thanks = try stream.until("thanks")
        #expect(thanks.named("status").contains { $0.object["state"] as? String == "in_progress" })
        try server.client.give(id)
        #expect(try stream.rest().terminal.map(\.name) == ["completed"])
    }

    @Test(arguments: [
        ("{}", 400), ("{\"input\":1,\"more\":2}", 400), ("[]", 400), ("{\"input\":1,\"upload\":\"x\"}", 422),
        ("{\"upload\":\"none\"}", 422), ("{\"upload\":7}", 400),
    ]) func badMessagesAreRefused(body: String, status: Int) throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        let response = try server.client.post("/v1/jobs/\(id)/input", json: body)
        #expect(response.status == status, "\(response.text)")
        #expect(response.problem != nil)
    }

    @Test func ofWaitingJobsTheMostUrgentRunsFirst() throws {
        let script = """
            #!/bin/sh
            read -r start
            echo '{"event":"began","data":null}'
            read -r message
            echo "$message" >>order

            """
        let files = try TemporaryDirectory()
        let order = files.file("order").path
        let yaml = "kinds:\n  queue:\n    worker: { exec: [\"./queue.sh\"] }\n    concurrency: 1\n"
        let server = try ServerProcess(
            [], configuration: yaml,
            files: ["queue.sh": script.replacingOccurrences(of: ">>order", with: ">>\(order)")])
        let first = try server.client.start("queue")
        try server.client.events(first).until("began")
        var last = ""
        for (name, priority) in [("low", -1), ("mid1", 0), ("high", 5), ("mid2", 0)] {
            let id = try server.client.start("queue", more: ",\"priority\":\(priority)")
            try server.client.give(id, input: "\"\(name)\"")
            if name == "low" { last = id }
        }
        try server.client.give(first, input: "\"first\"")
        _ = try server.client.events(last).rest()
        let lines = try String(contentsOfFile: order, encoding: .utf8).split(separator: "\n")
        #expect(
            lines.map { $0.dropFirst(10).dropLast(2) } == ["first", "high", "mid1", "mid2", "low"])
    }

    @Test func noMoreJobsOfAKindRunThanItAllows() throws {
        let server = try HeldKinds.server(
            more: """
                  pair:
                    worker: { exec: ["./held.sh"] }
                    concurrency: 2

                """)
        let ids = try (0..<4).map { _ in try server.client.start("pair") }
        for id in ids.prefix(2) { try server.client.events(id).until("began") }
        #expect(try ids.map { try server.client.state($0) } == ["in_progress", "in_progress", "queued", "queued"])
        #expect(try ids.suffix(2).map { try server.client.job($0)["queue_position"] as? Int } == [1, 2])
        for id in ids {
            let stream = try server.client.events(id)
            try stream.until("began")
            try server.client.give(id)
            #expect(try stream.rest().terminal.map(\.name) == ["completed"])
        }
    }
}
