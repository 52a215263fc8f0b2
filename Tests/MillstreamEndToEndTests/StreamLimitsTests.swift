// What bounds a stream and what it says then: retention, age, heartbeats, how many logs; and several logs on one connection.

import Foundation
import MillstreamSSE
import Testing

@Suite struct StreamLimitsTests {
    private func publish(_ server: ServerProcess, _ channel: String, _ numbers: ClosedRange<Int>) throws -> [String] {
        let lines = numbers.map { "{\"event\":\"n\",\"data\":\($0)}" }.joined(separator: "\n")
        let answer = try server.client.post(
            "/v1/channels/\(channel)/events", json: lines, ["Content-Type": "application/x-ndjson"])
        #expect(answer.status == 200)
        return answer["ids"] as? [String] ?? []
    }

    @Test func whatRetentionTookIsSaid() throws {
        let server = try ServerProcess(configuration: "retention:\n  events_per_log: 10\n")
        var ids: [String] = []
        for start in [1, 11, 21] { ids += try publish(server, "c", start...(start + 9)) }
        let epoch = try #require(ids.first?.prefix { $0 != "-" })
        // What is still in memory may be shown although the store has let it go.
        server.kill9()
        try server.start()
        let isTrimmed = try eventually {
            let stream = try server.client.stream("/v1/events?channel=c&last_event_id=\(epoch)-2")
            guard let gap = try stream.next(), gap.name == "gap" else { return false }
            #expect(gap.object["from"] as? String == "\(epoch)-3")
            #expect(gap.object["reason"] as? String == "retention")
            let to = try #require((gap.object["to"] as? String)?.split(separator: "-").last.flatMap { Int($0) })
            var numbers: [Int] = []
            while numbers.last != 30, let event = try stream.next() { numbers.append(event.sequence ?? 0) }
            #expect(numbers == Array((to + 1)...30))
            return to == 20
        }
        #expect(isTrimmed)
        // A cursor that is still kept has no gap.
        let kept = try server.client.stream("/v1/events?channel=c&last_event_id=\(epoch)-25")
        #expect(try kept.next()?.sequence == 26)
    }

    @Test func aPageSaysItToo() throws {
        let server = try HeldKinds.server(more: "retention:\n  events_per_log: 10\n")
        let id = try server.client.start("held")
        let stream = try server.client.events(id)
        try stream.until("began")
        for n in 2...40 {
            let answer = try server.client.post("/v1/jobs/\(id)/events", json: "{\"event\":\"n\",\"data\":\(n)}")
            #expect(answer.status == 200)
        }
        try server.client.give(id)
        #expect(try stream.rest().sequences == Array(2...41), "who was there saw everything")
        server.kill9()
        try server.start()
        let page = try server.client.get("/v1/jobs/\(id)/events?after=0&limit=1000", ["Accept": "application/json"])
        let gap = try #require(page["gap"] as? [String: Any])
        #expect(gap["reason"] as? String == "retention")
        let kept = try #require(page["events"] as? [[String: Any]])
        #expect(kept.last?["event"] as? String == "completed")
        let numbers = kept.compactMap { $0["seq"] as? Int }
        #expect(numbers == Array((41 - numbers.count + 1)...41))
        #expect((gap["to"] as? String)?.hasSuffix("-\(41 - numbers.count)") == true)
        let events = try server.client.events(id).rest()
        #expect(events.named("gap").count == 1)
        #expect(events.sequences == numbers)
        #expect(events.terminal.count == 1)
    }

    @Test func anOldStreamIsSentAwayAndComesBackWithoutLoss() throws {
        let server = try ServerProcess(
            configuration: "streams:\n  max_age: 1s\n  max_age_spread: 0s\n  retry: 100ms\n  retry_spread: 0s\n")
        let id = try server.client.start("demo.steps", input: "{\"steps\":25,\"interval_ms\":100}")
        var numbers: [Int] = []
        var rounds = 0
        var ends: [ServerSentEvent] = []
        repeat {
            let stream = try server.client.stream("/v1/jobs/\(id)/events?starting_after=\(numbers.last ?? 0)")
            let events = try stream.rest()
            #expect(stream.endedCleanly)
            numbers += events.sequences
            ends += events.suffix(1)
            rounds += 1
        } while ends.last?.name == "closing" && rounds < 20
        #expect(numbers == Array(1...26))
        #expect(rounds >= 2)
        #expect(try server.client.hits("streams.max_age") == rounds - 1)
        for end in ends.dropLast() {
            #expect(end.object["reason"] as? String == "max_age")
            #expect(end.object["retry_ms"] as? Int != nil)
        }
    }

    @Test func aHeartbeatIsACommentThatFormsNoEvent() throws {
        let server = try ServerProcess(configuration: "streams:\n  heartbeat: 1s\n")
        let stream = try TestStream(port: server.port, path: "/v1/events?channel=c", keepsRaw: true)
        let id = try server.client.start("demo.steps", input: "{\"steps\":1,\"interval_ms\":2500}")
        // As long as this job takes, heartbeats come.
        _ = try server.client.events(id).rest()
        _ = try publish(server, "c", 1...1)
        #expect(try stream.next()?.data == "1")
        let text = String(decoding: stream.raw, as: UTF8.self)
        let comments = text.components(separatedBy: ": heartbeat\n").count - 1
        #expect(comments >= 2)
        #expect(text.hasPrefix(": heartbeat\nid: ") || text.hasPrefix(": heartbeat\n: heartbeat\n"), "\(text)")
    }

    @Test func aStreamOfSeveralLogsResumesInAll() throws {
        let server = try HeldKinds.server()
        let job = try server.client.start("held")
        try server.client.events(job).until("began")
        _ = try publish(server, "a", 1...3)
        let path = "/v1/events?channel=a&job=\(job)&channel=b"
        let first = try server.client.stream(path)
        _ = try publish(server, "b", 1...2)
        _ = try publish(server, "a", 4...5)
        var seen: [ServerSentEvent] = []
        while seen.count < 8, let event = try first.next() {
            if event.name != "status" { seen.append(event) }
        }
        // The place of the log in the query stands in front of the id.
        let of = { (prefix: String) in seen.filter { $0.id.hasPrefix(prefix) }.map(\.data) }
        #expect(of("0-") == ["1", "2", "3", "4", "5"])
        #expect(of("1-") == ["null"])
        #expect(of("2-") == ["1", "2"])
        let cursor = try #require(seen.last?.id)
        #expect(cursor.wholeMatch(of: /[A-Za-z0-9-]{1,2048}/) != nil)

        server.kill9()
        try server.start()
        _ = try publish(server, "b", 3...3)
        let again = try server.client.stream(path, ["Last-Event-ID": cursor])
        var later: [ServerSentEvent] = []
        while later.named("n").isEmpty || later.terminal.isEmpty, let event = try again.next() { later.append(event) }
        #expect(later.named("n").map(\.data) == ["3"])
        #expect(later.terminal.map(\.name) == ["failed"])
        #expect(later.named("status").allSatisfy { $0.object["source"] as? String == "job:\(job)" })
        // With a channel there is always more to come: never 204.
        let end = try #require(later.last { !$0.id.isEmpty }?.id)
        #expect(try server.client.stream(path, ["Last-Event-ID": end]).status == 200)
    }

    @Test func atMost64LogsShareAConnection() throws {
        let server = try ServerProcess()
        let query = { (count: Int) in (0..<count).map { "channel=c\($0)" }.joined(separator: "&") }
        let full = try server.client.stream("/v1/events?" + query(64))
        #expect(full.status == 200)
        _ = try publish(server, "c63", 1...1)
        #expect(try full.next()?.id.hasPrefix("63-") == true)
        let past = try server.client.get("/v1/events?" + query(65))
        #expect(past.status == 422 || past.status == 400)
        #expect(past.problem != nil)
        #expect(try server.client.get("/v1/events").problem != nil)
    }

    @Test func aDeadlineForAnIdThatNeverComesEndsIn404() throws {
        let server = try ServerProcess()
        #expect(try server.client.get("/v1/jobs/never/events?wait_for_create=1").status == 404)
        #expect(try server.client.get("/v1/jobs/never/events?wait_for_create=31").status == 422)
        #expect(try server.client.get("/v1/events?job=never&wait_for_create=1").status == 404)
    }

    /// Handlers that block their threads, 64 at a time: nobody's events wait for them.
    @Test func blockingJobsHoldNobodyUp() throws {
        let server = try HeldKinds.server()
        let blocking = try (0..<64).map { _ in
            try server.client.start("demo.steps", input: "{\"steps\":13,\"interval_ms\":50,\"block\":true}")
        }
        let streams = try blocking.map { try server.client.events($0) }
        let echo = try server.client.start("echo")
        let live = try server.client.events(echo)
        try live.until("start")
        for n in 0..<5 {
            try server.client.give(echo, input: "\(n)")
            #expect(try live.until("echo").last?.data == "{\"input\":\(n)}")
        }
        for stream in streams { #expect(try stream.rest().sequences == Array(1...14)) }
    }

    @Test func oneStreamPastTheBoundIsSentAwayAndTheOthersStay() throws {
        let server = try ServerProcess(configuration: "limits:\n  max_streams: 3\n")
        let path = "/v1/events?channel=c"
        let streams = try (1...3).map { _ in try server.client.stream(path) }
        #expect(try server.client.hits("limits.max_streams") == 0)
        let excess = try server.client.stream(path)
        #expect(try server.client.hits("limits.max_streams") == 1)
        #expect(excess.status == 200)
        let events = try excess.rest()
        #expect(events.map(\.name) == ["closing"])
        #expect(events.first?.object["reason"] as? String == "overload")
        #expect(excess.endedCleanly)
        let answer = try server.client.post("/v1/channels/c/events", json: "{\"event\":\"e\",\"data\":1}")
        #expect(answer.status == 200)
        for stream in streams { #expect(try stream.next()?.name == "e") }
    }
}
