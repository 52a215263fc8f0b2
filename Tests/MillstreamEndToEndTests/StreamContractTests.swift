// What a reader of one job sees, whenever it comes.

import Foundation
import MillstreamSSE
import Testing

@Suite struct StreamContractTests {
    @Test func aStreamOpenedAtOnceShowsTheWholeJob() throws {
        let server = try ServerProcess()
        let job = try server.client.create("demo.steps", input: "{\"steps\":13,\"interval_ms\":10}")
        let stream = try server.client.stream(try #require(job["stream_url"] as? String))
        #expect(stream.status == 200)
        #expect(stream.headers["content-type"] == "text/event-stream")
        #expect(stream.headers["cache-control"] == "no-store, no-transform")
        #expect(stream.headers["x-accel-buffering"] == "no")
        let events = try stream.rest()
        #expect(events.first?.name == "status")
        #expect(events.first?.id == "")
        #expect(events.sequences == Array(1...14))
        #expect(events.numbered.map(\.name) == Array(repeating: "progress", count: 13) + ["completed"])
        #expect(stream.endedCleanly)
    }

    @Test func aReaderWhoComesAfterTheEndGetsTheSameLog() throws {
        let server = try ServerProcess()
        let job = try server.client.create("demo.steps", input: "{\"steps\":5,\"interval_ms\":5}")
        let url = try #require(job["stream_url"] as? String)
        let live = try server.client.stream(url).rest().numbered
        let late = try server.client.stream(url).rest().numbered
        #expect(live == late)
        let last = try #require(late.last)
        #expect(last.name == "completed")
        let again = try server.client.stream(url, ["Last-Event-ID": last.id])
        #expect(again.status == 204)
    }

    @Test func eachFormOfTheCursorContinuesBehindIt() throws {
        let server = try ServerProcess()
        let job = try server.client.create("demo.steps", input: "{\"steps\":6,\"interval_ms\":1}")
        let url = try #require(job["stream_url"] as? String)
        let all = try server.client.stream(url).rest().numbered
        let third = all[2].id
        #expect(try server.client.stream(url, ["Last-Event-ID": third]).rest().sequences == [4, 5, 6, 7])
        #expect(try server.client.stream(url + "?last_event_id=\(third)").rest().sequences == [4, 5, 6, 7])
        #expect(try server.client.stream(url + "?starting_after=3").rest().sequences == [4, 5, 6, 7])
        // The header goes before the query.
        let both = try server.client.stream(
            url + "?last_event_id=\(all[0].id)&starting_after=1", ["Last-Event-ID": third])
        #expect(try both.rest().sequences == [4, 5, 6, 7])
    }

    @Test func cursorsThatCannotBeReadAreRefused() throws {
        let server = try ServerProcess()
        let job = try server.client.create("demo.steps", input: "{\"steps\":1,\"interval_ms\":1}")
        let url = try #require(job["stream_url"] as? String)
        for cursor in ["nonsense", "-", "a-", "-1", "abc-1x", "abc_1"] {
            let response = try server.client.get(url + "?last_event_id=" + cursor, ["Accept": "text/event-stream"])
            #expect(response.status == 400, "\(cursor)")
            #expect(response.headers["content-type"] == "application/problem+json")
        }
    }

    @Test func aCursorOfAnotherEpochGetsAGapAndTheWholeLog() throws {
        let server = try ServerProcess()
        let job = try server.client.create("demo.steps", input: "{\"steps\":2,\"interval_ms\":1}")
        let url = try #require(job["stream_url"] as? String)
        let events = try server.client.stream(url, ["Last-Event-ID": "zzzzzz-2"]).rest()
        // A reader that was there before the end sees the change of state as well.
        #expect(events.prefix(2).map(\.name) == ["status", "gap"])
        #expect(events.numbered.map(\.name) == ["progress", "progress", "completed"])
        #expect(events[1].data.contains("\"reason\":\"epoch\""))
        #expect(events[1].data.contains("\"from\":\"zzzzzz-2\""))
    }

    @Test func aReaderMayWaitForAnIdThatDoesNotExistYet() throws {
        let server = try ServerProcess()
        #expect(try server.client.get("/v1/jobs/later/events").status == 404)
        let connection = try TestConnection(port: server.port)
        try connection.send(Array("GET /v1/jobs/later/events?wait_for_create=30 HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        _ = try server.client.create("demo.steps", input: "{\"steps\":2,\"interval_ms\":1}", more: ",\"id\":\"later\"")
        let head = try connection.readHead()
        #expect(head.status == 200)
        #expect(head.headers["content-type"] == "text/event-stream")
    }

    /// Promise 5, causally: the program says n+1 only after the reader has acknowledged n, so a server that held events
    /// back would hang here.
    @Test func eachEventReachesTheReaderBeforeTheNextIsMade() throws {
        let script = """
            #!/bin/sh
            read start
            for n in 1 2 3 4 5; do
              echo "{\\"event\\":\\"step\\",\\"data\\":$n}"
              read acknowledgement
            done
            """
        let yaml = "kinds:\n  ack:\n    worker: { exec: [\"./ack.sh\"] }\n"
        let server = try ServerProcess([], configuration: yaml, files: ["ack.sh": script])
        let job = try server.client.create("ack")
        let id = try #require(job["id"] as? String)
        let stream = try server.client.stream("/v1/jobs/\(id)/events")
        for n in 1...5 {
            let events = try stream.until("step")
            #expect(events.last?.data == "\(n)")
            #expect(try server.client.post("/v1/jobs/\(id)/input", json: "{\"input\":\(n)}").status == 202)
        }
        #expect(try stream.rest().last?.name == "completed")
    }

    @Test func aPageOfTheLogIsTheSameLog() throws {
        let server = try ServerProcess()
        let job = try server.client.create("demo.steps", input: "{\"steps\":7,\"interval_ms\":1}")
        let id = try #require(job["id"] as? String)
        let events = try server.client.stream("/v1/jobs/\(id)/events").rest().numbered
        var ids: [String] = []
        var after = "0"
        while true {
            let page = try server.client.get(
                "/v1/jobs/\(id)/events?after=\(after)&limit=3", ["Accept": "application/json"])
            #expect(page.status == 200)
            let items = try #require(page.object["events"] as? [[String: Any]])
            ids += items.compactMap { $0["id"] as? String }
            guard let next = page.object["next"] as? String else { break }
            after = next
        }
        #expect(ids == events.map(\.id))
    }

    @Test func aPageForACursorOfAnotherEpochSaysSoAndGivesTheWholeLog() throws {
        let server = try ServerProcess()
        let id = try server.client.start("demo.steps", input: "{\"steps\":2,\"interval_ms\":1}")
        _ = try server.client.events(id).rest()
        let json = ["Accept": "application/json"]
        let page = try server.client.get("/v1/jobs/\(id)/events?after=zzzzzz-2", json)
        let gap = try #require(page["gap"] as? [String: Any])
        #expect(gap["reason"] as? String == "epoch")
        #expect(gap["from"] as? String == "zzzzzz-2")
        #expect((page["events"] as? [[String: Any]])?.compactMap { $0["seq"] as? Int } == [1, 2, 3])
        #expect(page["next"] is NSNull)
        for cursor in ["nonsense", "-", "-1", "a-"] {
            #expect(try server.client.get("/v1/jobs/\(id)/events?after=\(cursor)", json).status == 400, "\(cursor)")
        }
    }

    @Test func severalLogsShareOneConnection() throws {
        let server = try ServerProcess()
        let first = try #require(
            try server.client.create("demo.steps", input: "{\"steps\":3,\"interval_ms\":5}")["id"] as? String)
        let second = try #require(
            try server.client.create("demo.steps", input: "{\"steps\":4,\"interval_ms\":5}")["id"] as? String)
        let path = "/v1/events?job=\(first)&job=\(second)"
        let stream = try server.client.stream(path)
        let events = try stream.rest()
        #expect(stream.endedCleanly)
        #expect(events.numbered.filter { $0.id.hasPrefix("0-") }.count == 4)
        #expect(events.numbered.filter { $0.id.hasPrefix("1-") }.count == 5)
        let middle = events.numbered[3]
        let resumed = try server.client.stream(path, ["Last-Event-ID": middle.id]).rest().numbered
        #expect(resumed.count == events.numbered.count - 4)
        #expect(try server.client.stream(path, ["Last-Event-ID": events.numbered.last!.id]).status == 204)
    }

    @Test func aChannelCarriesWhatIsPublished() throws {
        let server = try ServerProcess()
        let stream = try server.client.stream("/v1/events?channel=news")
        #expect(stream.status == 200)
        let answer = try server.client.post(
            "/v1/channels/news/events", json: "{\"event\":\"hello\",\"data\":{\"n\":1.50}}")
        #expect(answer.status == 200)
        let event = try #require(try stream.next())
        #expect(event.name == "hello")
        #expect(event.data == "{\"n\":1.50}")
        #expect((answer.object["ids"] as? [String])?.first == event.id)
    }
}
