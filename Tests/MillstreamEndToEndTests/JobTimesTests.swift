// Times of a job: a later start, timeouts, retries with their events.

import Foundation
import Testing

@Suite struct JobTimesTests {
    @Test func aJobForLaterIsScheduled() throws {
        let server = try HeldKinds.server()
        let job = try server.client.create("held", more: ",\"run_at\":\"2099-01-31T12:00:00+02:00\"")
        #expect(job["state"] as? String == "scheduled")
        #expect(job["run_at"] as? String == "2099-01-31T10:00:00.000Z")
        let id = try #require(job["id"] as? String)
        #expect(try server.client.cancel(id).string("state") == "cancelled")
        let past = try server.client.start(
            "demo.steps", input: "{\"steps\":1}", more: ",\"run_at\":\"2001-01-01T00:00:00Z\"")
        #expect(try server.client.events(past).rest().terminal.map(\.name) == ["completed"])
    }

    @Test func aScheduledJobStartsWhenItsTimeHasComeAlsoAfterARestart() throws {
        let server = try HeldKinds.server()
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        let due = Date().addingTimeInterval(1.5)
        let time = formatter.string(from: due)
        let ids = try (0..<2).map { _ in
            try server.client.start(
                "demo.steps", input: "{\"steps\":1,\"interval_ms\":1}", more: ",\"run_at\":\"\(time)\"")
        }
        let state = try server.client.state(ids[0])
        if Date() < due { #expect(state == "scheduled") }
        server.kill9()
        try server.start()
        for id in ids {
            let events = try server.client.events(id).rest()
            #expect(events.terminal.map(\.name) == ["completed"])
            let started = try #require(events.last?.object["started_at"] as? String)
            #expect(started >= time)
        }
    }

    @Test func aJobThatTakesTooLongFails() throws {
        let server = try HeldKinds.server(
            more: """
                  brief:
                    worker: { exec: ["./held.sh"] }
                    timeout: 100ms

                """)
        let byKind = try server.client.start("brief")
        let byJob = try server.client.start("held", more: ",\"timeout_s\":0.1")
        for id in [byKind, byJob] {
            let end = try #require(try server.client.events(id).rest().last)
            #expect(end.name == "failed")
            #expect((end.object["error"] as? [String: Any])?["code"] as? String == "timeout")
        }
    }

    @Test func aFailingJobIsTriedAgainAsOftenAsItsKindSays() throws {
        let script = """
            #!/bin/sh
            read -r start
            case "$start" in *'"attempt":3'*) exit 0;; esac
            echo 'not yet' >&2
            exit 7

            """
        let kind = { (name: String, attempts: Int) in
            """
              \(name):
                worker: { exec: ["./third.sh"] }
                retries: { attempts: \(attempts), backoff: 5ms, max_backoff: 10ms }

            """
        }
        let server = try ServerProcess(
            [], configuration: "kinds:\n" + kind("patient", 3) + kind("hasty", 2), files: ["third.sh": script])
        let patient = try server.client.start("patient")
        let events = try server.client.events(patient).rest()
        #expect(events.named("retrying").count == 2)
        #expect(events.terminal.map(\.name) == ["completed"])
        #expect(events.last?.object["attempt"] as? Int == 3)
        #expect(events.sequences == Array(1...events.numbered.count))

        let hasty = try server.client.start("hasty")
        let end = try #require(try server.client.events(hasty).rest().last)
        #expect(end.name == "failed")
        #expect(end.object["attempt"] as? Int == 2)
        let error = try #require(end.object["error"] as? [String: Any])
        #expect(error["code"] as? String == "exit_status")
        #expect((error["stderr"] as? [String])?.last == "not yet")
    }

    @Test func aJobThatWaitsForItsNextAttemptCanBeCancelled() throws {
        let yaml = """
            kinds:
              slow:
                worker: { exec: ["false"] }
                retries: { attempts: 5, backoff: 1h, max_backoff: 1h }
            """
        let server = try ServerProcess([], configuration: yaml)
        let id = try server.client.start("slow")
        let stream = try server.client.events(id)
        try stream.until("retrying")
        #expect(try server.client.state(id) == "retrying")
        // It is known over a restart, and a kill -9 costs no attempt.
        server.kill9()
        try server.start()
        #expect(try server.client.state(id) == "retrying")
        #expect(try server.client.cancel(id).string("state") == "cancelled")
        let events = try server.client.events(id).rest()
        #expect(events.numbered.map(\.name) == ["retrying", "cancelled"])
    }
}
