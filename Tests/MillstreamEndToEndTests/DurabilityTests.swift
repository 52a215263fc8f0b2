// Nothing that was acknowledged is lost when the server is killed, and readers go on where they were.

import Foundation
import MillstreamSSE
import MillstreamTestSupport
import Testing

@Suite struct DurabilityTests {
    @Test(arguments: [11, 12, 13]) func everyAcknowledgedJobAndEventIsThereAfterKill9(seed: Int) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: UInt64(seed))
        let server = try ServerProcess()
        var jobs: [String] = []
        var published: [String: [String]] = [:]
        for _ in 0..<4 {
            for _ in 0..<Int.random(in: 5...25, using: &random) {
                let job = try server.client.create("demo.steps", input: "{\"steps\":3,\"interval_ms\":2}")
                jobs.append(try #require(job["id"] as? String))
                let answer = try server.client.post("/v1/channels/c/events", json: "{\"event\":\"e\",\"data\":1}")
                published["c", default: []] += answer.object["ids"] as? [String] ?? []
            }
            server.kill9()
            try server.start()
            for id in jobs {
                #expect(try server.client.get("/v1/jobs/\(id)").status == 200)
            }
        }
        for id in jobs {
            let events = try server.client.stream("/v1/jobs/\(id)/events").rest()
            #expect(events.sequences == Array(1...events.sequences.count))
            let terminal = events.numbered.filter { ["completed", "failed", "cancelled"].contains($0.name) }
            #expect(terminal.count == 1)
            #expect(events.numbered.last?.name == terminal.first?.name)
        }
        let first = try #require(published["c"]?.first)
        let epoch = first.prefix { $0 != "-" }
        let stream = try server.client.stream("/v1/events?channel=c&last_event_id=\(epoch)-0")
        for id in published["c"] ?? [] {
            #expect(try stream.next()?.id == id)
        }
    }

    @Test func aRunningJobIsRetriedOrFailedAsItsKindSays() throws {
        let script = "#!/bin/sh\nread start\necho '{\"event\":\"began\",\"data\":1}'\nread more\n"
        let yaml = """
            kinds:
              retried:
                worker: { exec: ["./work.sh"] }
                on_crash: retry
                retries: { attempts: 3, backoff: 10ms, max_backoff: 20ms }
              dropped:
                worker: { exec: ["./work.sh"] }
            """
        let server = try ServerProcess([], configuration: yaml, files: ["work.sh": script])
        let retried = try #require(try server.client.create("retried")["id"] as? String)
        let dropped = try #require(try server.client.create("dropped")["id"] as? String)
        let before = try server.client.stream("/v1/jobs/\(retried)/events").until("began")
        _ = try server.client.stream("/v1/jobs/\(dropped)/events").until("began")
        server.kill9()
        try server.start()

        let failed = try server.client.stream("/v1/jobs/\(dropped)/events").rest()
        #expect(failed.last?.name == "failed")
        #expect(failed.last?.data.contains("\"code\":\"crashed\"") == true)

        let cursor = try #require(before.last?.id)
        let resumed = try server.client.stream("/v1/jobs/\(retried)/events", ["Last-Event-ID": cursor])
        let again = try resumed.until("began")
        #expect(again.numbered.map(\.name) == ["retrying", "began"])
        #expect(again.sequences == [2, 3])
        #expect(try server.client.post("/v1/jobs/\(retried)/input", json: "{\"input\":1}").status == 202)
        #expect(try resumed.rest().last?.name == "completed")
        #expect(try server.client.get("/v1/jobs/\(retried)").object["attempt"] as? Int == 2)
    }

    @Test func whatAKilledServerLeftRunningIsEndedBeforeTheRetry() throws {
        let script = "#!/bin/sh\nread start\necho \"{\\\"event\\\":\\\"pid\\\",\\\"data\\\":$$}\"\nexec sleep 600\n"
        let yaml =
            "kinds:\n  long:\n    worker: { exec: [\"./work.sh\"] }\n    on_crash: retry\n    retries: { attempts: 2, backoff: 1ms }\n"
        let server = try ServerProcess([], configuration: yaml, files: ["work.sh": script])
        let id = try #require(try server.client.create("long")["id"] as? String)
        let first = try server.client.stream("/v1/jobs/\(id)/events").until("pid")
        let old = try #require(Int32(first.last?.data ?? ""))
        server.kill9()
        try server.start()
        let stream = try server.client.stream("/v1/jobs/\(id)/events", ["Last-Event-ID": first.last!.id])
        let second = try #require(Int32(try stream.until("pid").last?.data ?? ""))
        #expect(second != old)
        #expect(!isAlive(old))
        _ = try server.client.post("/v1/jobs/\(id)/cancel", json: "{}")
        #expect(try stream.rest().last?.name == "cancelled")
    }

    /// Whether it still runs; who is dead and not yet buried does not.
    private func isAlive(_ pid: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return stat.split(separator: ")").last?.dropFirst().first != "Z"
    }

    @Test func aDrainSendsReadersAwayAndTheyComeBack() throws {
        let server = try ServerProcess(["--demo", "--graceful-timeout", "1s"])
        let id = try #require(
            try server.client.create("demo.steps", input: "{\"steps\":100000,\"interval_ms\":20}")["id"] as? String)
        let stream = try server.client.stream("/v1/jobs/\(id)/events")
        _ = try stream.until("progress")
        server.signal(SIGTERM)
        let events = try stream.rest()
        #expect(events.last?.name == "closing")
        #expect(events.last?.data.contains("\"reason\":\"drain\"") == true)
        #expect(stream.endedCleanly)
        #expect(try server.waitForExit() == 0)
        try server.start()
        let cursor = try #require(events.numbered.last?.id)
        let resumed = try server.client.stream("/v1/jobs/\(id)/events", ["Last-Event-ID": cursor])
        let next = try resumed.until("progress").numbered
        #expect(try server.client.job(id)["attempt"] as? Int == 1)
        let last = try #require(events.sequences.last)
        #expect(next.compactMap { $0.id.split(separator: "-").last.flatMap { Int($0) } }.first == last + 1)
    }
}
