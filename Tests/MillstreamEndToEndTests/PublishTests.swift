// Events from outside workers: fencing by attempt and sequence, many at once, names, the end.

import Foundation
import Testing

@Suite struct PublishTests {
    private func publish(_ server: ServerProcess, _ id: String, _ body: String) throws -> TestResponse {
        let type = body.contains("\n") ? "application/x-ndjson" : "application/json"
        return try server.client.post("/v1/jobs/\(id)/events", json: body, ["Content-Type": type])
    }

    /// A running job whose program only waits.
    private func held() throws -> (ServerProcess, String, TestStream) {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        let stream = try server.client.events(id)
        try stream.until("began")
        return (server, id, stream)
    }

    @Test func aKnownSequenceGetsItsFirstIdAndAddsNothing() throws {
        let (server, id, stream) = try held()
        let first = try publish(server, id, "{\"event\":\"e\",\"data\":1,\"attempt\":1,\"sequence\":1}")
        #expect(first.status == 200)
        let ids = try #require(first["ids"] as? [String])
        #expect(ids.count == 1)
        let again = try publish(server, id, "{\"event\":\"e\",\"data\":1,\"attempt\":1,\"sequence\":1}")
        #expect(again.status == 200)
        #expect(again["ids"] as? [String] == ids)
        let skipping = try publish(server, id, "{\"event\":\"e\",\"data\":3,\"attempt\":1,\"sequence\":3}")
        #expect(skipping.status == 409)
        #expect(skipping.problem == "sequence-gap")
        #expect(skipping["expected_sequence"] as? Int == 2)
        #expect(try publish(server, id, "{\"event\":\"e\",\"data\":2,\"attempt\":1,\"sequence\":2}").status == 200)

        server.kill9()
        try server.start()
        _ = try? stream.rest()
        let all = try server.client.events(id).rest()
        #expect(all.named("e").map(\.data) == ["1", "2"])
    }

    @Test func aPastAttemptIsFencedOff() throws {
        let yaml = """
            kinds:
              again:
                worker: { exec: ["./again.sh"] }
                retries: { attempts: 2, backoff: 1ms, max_backoff: 1ms }
            """
        let script = "#!/bin/sh\nread -r start\necho '{\"event\":\"began\",\"data\":1}'\nread -r message\nexit 1\n"
        let server = try ServerProcess([], configuration: yaml, files: ["again.sh": script])
        let id = try server.client.start("again")
        let stream = try server.client.events(id)
        try stream.until("began")
        #expect(try publish(server, id, "{\"event\":\"e\",\"data\":1,\"attempt\":1,\"sequence\":1}").status == 200)
        try server.client.give(id)
        try stream.until("retrying")
        let zombie = try publish(server, id, "{\"event\":\"e\",\"data\":2,\"attempt\":1,\"sequence\":2}")
        #expect(zombie.status == 409)
        #expect(zombie.problem == "past-attempt" || zombie.problem == "job-ended")
        let end = try stream.rest()
        #expect(end.named("e").isEmpty)
        #expect(end.terminal.map(\.name) == ["failed"])
    }

    @Test func eachAttemptCountsFromOne() throws {
        let yaml = """
            kinds:
              again:
                worker: { exec: ["./again.sh"] }
                retries: { attempts: 2, backoff: 1ms, max_backoff: 1ms }
            """
        let script = """
            #!/bin/sh
            read -r start
            echo '{"event":"began","data":1}'
            case "$start" in *'"attempt":1'*) read -r message; exit 1;; esac
            exec sleep 600

            """
        let server = try ServerProcess([], configuration: yaml, files: ["again.sh": script])
        let id = try server.client.start("again")
        let stream = try server.client.events(id)
        try stream.until("began")
        try server.client.give(id)
        try stream.until("began")
        let ahead = try publish(server, id, "{\"event\":\"e\",\"data\":2,\"attempt\":2,\"sequence\":2}")
        #expect(ahead["expected_sequence"] as? Int == 1)
        #expect(try publish(server, id, "{\"event\":\"e\",\"data\":2,\"attempt\":2,\"sequence\":1}").status == 200)
        let future = try publish(server, id, "{\"event\":\"e\",\"data\":2,\"attempt\":3,\"sequence\":1}")
        #expect(future.status == 409)
        try server.client.cancel(id)
        #expect(try stream.rest().named("e").count == 1)
    }

    @Test func aBatchIsStoredAllOrNone() throws {
        let (server, id, stream) = try held()
        let good = try publish(
            server, id,
            "{\"event\":\"a\",\"data\":1,\"attempt\":1,\"sequence\":1}\n{\"event\":\"b\",\"data\":2,\"attempt\":1,\"sequence\":2}\n"
        )
        #expect(good.status == 200)
        let ids = try #require(good["ids"] as? [String])
        #expect(ids.count == 2)
        // Line 1 is known, line 2 is new, line 3 skips: nothing of it is stored.
        let gap = try publish(
            server, id,
            "{\"event\":\"b\",\"data\":2,\"attempt\":1,\"sequence\":2}\n{\"event\":\"c\",\"data\":3,\"attempt\":1,\"sequence\":3}\n"
                + "{\"event\":\"d\",\"data\":5,\"attempt\":1,\"sequence\":5}\n")
        #expect(gap.status == 409)
        #expect(gap["expected_sequence"] as? Int == 3, "3 came with it and is not stored")
        for bad in ["not json", "{\"event\":\"status\"}", "{\"event\":\"a b\"}", "{\"event\":\"x\",\"more\":1}", "7"] {
            let answer = try publish(
                server, id, "{\"event\":\"lost\",\"data\":1}\n\(bad)\n{\"event\":\"lost\",\"data\":2}\n")
            #expect(answer.status == 400 || answer.status == 422, "\(bad): \(answer.text)")
            #expect(answer.text.contains("line 2"), "\(answer.text)")
        }
        // Known ones are skipped and keep their ids.
        let rest = try publish(
            server, id,
            "{\"event\":\"b\",\"data\":2,\"attempt\":1,\"sequence\":2}\n{\"event\":\"c\",\"data\":3,\"attempt\":1,\"sequence\":3}\n"
        )
        #expect(rest.status == 200)
        #expect((rest["ids"] as? [String])?.first == ids[1])
        try server.client.give(id)
        #expect(try stream.rest().numbered.map(\.name) == ["a", "b", "c", "completed"])
    }

    @Test(arguments: ["status", "completed", "failed", "cancelled", "gap", "closing", "retrying"])
    func theServersOwnNamesAreRefused(name: String) throws {
        let (server, id, _) = try held()
        let toJob = try publish(server, id, "{\"event\":\"\(name)\",\"data\":1}")
        #expect(toJob.status == 422)
        #expect(toJob.problem == "reserved-event-name")
        let toChannel = try server.client.post("/v1/channels/c/events", json: "{\"event\":\"\(name)\",\"data\":1}")
        #expect(toChannel.status == 422)
    }

    @Test func anEndedJobTakesNothing() throws {
        let (server, id, stream) = try held()
        try server.client.give(id)
        _ = try stream.rest()
        let answer = try publish(server, id, "{\"event\":\"e\",\"data\":1}")
        #expect(answer.status == 409)
        #expect(answer.problem == "job-ended")
    }

    @Test func publishedProgressIsThatOfTheJob() throws {
        let (server, id, stream) = try held()
        #expect(try publish(server, id, "{\"event\":\"progress\",\"data\":{\"progress\":12.5}}").status == 200)
        try stream.until("progress")
        #expect(try server.client.job(id)["progress"] as? Double == 12.5)
    }

    @Test(arguments: [
        ("{\"event\":\"e\",\"attempt\":1}", 400), ("{\"event\":\"e\",\"sequence\":1}", 400),
        ("{\"event\":\"a b\"}", 422), ("{\"data\":1}", 400), ("{\"event\":1}", 400), ("{\"event\":\"e\",\"x\":1}", 400),
        ("{\"event\":\"e\\n\"}", 422), ("{\"event\":\"e\\u0000\"}", 422),
    ]) func badEventsForAChannelAreRefused(body: String, status: Int) throws {
        let server = try HeldKinds.server()
        let answer = try server.client.post("/v1/channels/c/events", json: body)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.problem != nil)
    }

    @Test func channelNamesAreChecked() throws {
        let server = try HeldKinds.server()
        let long = String(repeating: "x", count: 128)
        let event = "{\"event\":\"e\",\"data\":1}"
        #expect(try server.client.post("/v1/channels/\(long)/events", json: event).status == 200)
        for name in [long + "x", "a%20b", "a%2Fb", "%00", "ü"] {
            let answer = try server.client.post("/v1/channels/\(name)/events", json: event)
            #expect(400..<500 ~= answer.status, "\(name)")
            #expect(answer.problem != nil, "\(name)")
        }
    }

    /// One commit brings events and the state between them: a reader learns of them in the order in which they happened.
    @Test func aStateStandsAmongTheEventsOfItsCommitWhereItChanged() throws {
        let (server, id, stream) = try held()
        let body = ["before", "input_required", "after"].map { "{\"event\":\"\($0)\",\"data\":1}\n" }.joined()
        #expect(try publish(server, id, body).status == 200)
        let events = try stream.until("after")
        #expect(events.map(\.name) == ["before", "status", "input_required", "after"])
        #expect(events.first { $0.name == "status" }?.data.contains("\"state\":\"input_required\"") == true)
        try server.client.cancel(id)
        _ = try stream.rest()
    }

    @Test func whatLooksLikeFieldsStaysData() throws {
        let (server, id, stream) = try held()
        let data = "\"a\\r\\nevent: completed\\ndata: x\\n\\nid: 9-9\\u2028\""
        #expect(try publish(server, id, "{\"event\":\"e\",\"data\":\(data)}").status == 200)
        let event = try #require(try stream.until("e").last)
        #expect(event.data == data)
        try server.client.give(id)
        #expect(try stream.rest().numbered.map(\.name) == ["completed"])
    }
}
