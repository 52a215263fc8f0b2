// `POST /v1/jobs`: what is accepted, what is refused with which words, and that a key makes it once.

import Foundation
import Testing

@Suite struct JobCreationTests {
    static let members: Set<String> = [
        "id", "kind", "state", "attempt", "progress", "input", "result", "error", "owner", "viewers", "priority",
        "created_at", "run_at", "started_at", "finished_at", "queue_position", "last_event_id", "stream_url",
        "status_url", "cancel_url",
    ]

    @Test func anAcceptedJobIsAnsweredWithAllItsMembers() throws {
        let server = try HeldKinds.server()
        let body = """
            {"kind":"held","input":{"n":1.50},"id":"my.job-1_a","owner":"ann","viewers":["bob"],"priority":7,"timeout_s":90.5}
            """
        let response = try server.client.post("/v1/jobs", json: body)
        #expect(response.status == 202)
        #expect(response.headers["content-type"] == "application/json")
        #expect(response.headers["location"] == "/v1/jobs/my.job-1_a")
        #expect(response.headers["etag"] != nil)
        #expect(Set(response.object.keys) == Self.members)
        #expect(response.string("id") == "my.job-1_a")
        #expect(response.string("kind") == "held")
        #expect(response.string("owner") == "ann")
        #expect(response["viewers"] as? [String] == ["bob"])
        #expect(response["priority"] as? Int == 7)
        #expect(response.text.contains("{\"n\":1.50}"), "the digits of the input are kept")
        #expect(response.string("stream_url") == "/v1/jobs/my.job-1_a/events")
        #expect(response.string("status_url") == "/v1/jobs/my.job-1_a")
        #expect(response.string("cancel_url") == "/v1/jobs/my.job-1_a/cancel")
        let created = try #require(response.string("created_at"))
        #expect(created.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(created)")
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var body: String
        var status: Int
        var problem: String
        var field: String?

        init(_ body: String, _ status: Int, _ problem: String, _ field: String? = nil) {
            self.body = body
            self.status = status
            self.problem = problem
            self.field = field
        }

        var testDescription: String { body.count > 60 ? body.prefix(60) + "…" : body }
    }

    static let refusals: [Refusal] = [
        Refusal("", 400, "malformed-json"),
        Refusal("{", 400, "malformed-json"),
        Refusal("{\"kind\":\"held\"} x", 400, "malformed-json"),
        Refusal("{\"kind\":\"held\",\"input\":01}", 400, "malformed-json"),
        Refusal(
            "{\"kind\":\"held\",\"input\":" + String(repeating: "[", count: 5000)
                + String(repeating: "]", count: 5000) + "}", 400, "malformed-json"),
        Refusal("[]", 400, "wrong-type"),
        Refusal("\"held\"", 400, "wrong-type"),
        Refusal("{}", 400, "wrong-type", "kind"),
        Refusal("{\"kind\":1}", 400, "wrong-type", "kind"),
        Refusal("{\"kind\":null}", 400, "wrong-type", "kind"),
        Refusal("{\"kind\":\"held\",\"colour\":1}", 400, "unknown-member", "colour"),
        Refusal("{\"kind\":\"held\",\"Input\":1}", 400, "unknown-member", "Input"),
        Refusal("{\"kind\":\"held\",\"kind\":\"held\"}", 400, "malformed-json"),
        Refusal("{\"kind\":\"held\",\"id\":7}", 400, "wrong-type", "id"),
        Refusal("{\"kind\":\"held\",\"priority\":\"1\"}", 400, "wrong-type", "priority"),
        Refusal("{\"kind\":\"held\",\"priority\":1.5}", 400, "wrong-type", "priority"),
        Refusal("{\"kind\":\"held\",\"viewers\":\"bob\"}", 400, "wrong-type", "viewers"),
        Refusal("{\"kind\":\"held\",\"viewers\":[1]}", 400, "wrong-type", "viewers"),
        Refusal("{\"kind\":\"held\",\"run_at\":5}", 400, "wrong-type", "run_at"),
        Refusal("{\"kind\":\"held\",\"timeout_s\":\"1\"}", 400, "wrong-type", "timeout_s"),
        Refusal("{\"kind\":\"nope\"}", 422, "unknown-kind"),
        Refusal("{\"kind\":\"held\",\"id\":\"\"}", 422, "invalid-value", "id"),
        Refusal("{\"kind\":\"held\",\"id\":\"a b\"}", 422, "invalid-value", "id"),
        Refusal("{\"kind\":\"held\",\"id\":\"../a\"}", 422, "invalid-value", "id"),
        Refusal(
            "{\"kind\":\"held\",\"id\":\"\(String(repeating: "x", count: 65))\"}", 422, "invalid-value", "id"),
        Refusal("{\"kind\":\"held\",\"priority\":101}", 422, "invalid-value", "priority"),
        Refusal("{\"kind\":\"held\",\"run_at\":\"tomorrow\"}", 422, "invalid-value", "run_at"),
        Refusal("{\"kind\":\"held\",\"run_at\":\"2026-02-30T00:00:00Z\"}", 422, "invalid-value", "run_at"),
        Refusal("{\"kind\":\"held\",\"timeout_s\":0}", 422, "invalid-value", "timeout_s"),
        Refusal("{\"kind\":\"held\",\"timeout_s\":-1}", 422, "invalid-value", "timeout_s"),
        Refusal("{\"kind\":\"held\",\"owner\":\"a\\nb\"}", 422, "invalid-value", "owner"),
        Refusal("{\"kind\":\"held\",\"input\":{\"upload\":\"none\"}}", 422, "unknown-upload", "upload"),
        Refusal("{\"kind\":\"held\",\"input\":{\"upload\":\"../../etc/passwd\"}}", 422, "invalid-value", "input"),
    ]

    /// One server for the whole table, so that the last line can say that nothing was stored.
    @Test func eachRefusalHasItsStatusItsWordAndItsField() throws {
        let server = try HeldKinds.server()
        for refusal in Self.refusals {
            let response = try server.client.post("/v1/jobs", json: refusal.body)
            #expect(response.status == refusal.status, "\(refusal.testDescription): \(response.text)")
            #expect(response.problem == refusal.problem, "\(refusal.testDescription): \(response.text)")
            if let field = refusal.field { #expect(response.fields.contains(field), "\(response.text)") }
        }
        let broken = Array("{\"kind\":\"held\",\"input\":\"".utf8) + [0xFF, 0x22, 0x7D]
        #expect(try server.client.post("/v1/jobs", broken).problem == "malformed-json")
        #expect((try server.client.get("/v1/jobs")["jobs"] as? [Any])?.count == 0)
    }

    @Test func theIdOfALiveJobIsTakenAndThatOfAnEndedOneStartsANewRun() throws {
        let server = try HeldKinds.server()
        let first = try server.client.create("held", more: ",\"id\":\"one\"")
        #expect(first["id"] as? String == "one")
        let taken = try server.client.post("/v1/jobs", json: "{\"kind\":\"held\",\"id\":\"one\"}")
        #expect(taken.status == 409)
        #expect(taken.problem == "id-in-use")

        let stream = try server.client.events("one")
        try stream.until("began")
        try server.client.give("one")
        let old = try #require(try stream.rest().terminal.first?.id)
        _ = try server.client.create("held", more: ",\"id\":\"one\"")
        let again = try server.client.events("one", after: old)
        try again.until("began")
        try server.client.give("one")
        let fresh = try server.client.events("one").rest()
        #expect(fresh.sequences == Array(1...fresh.numbered.count))
        let epochs = Set(fresh.numbered.map { $0.id.prefix { $0 != "-" } })
        #expect(epochs.count == 1)
        #expect(!old.hasPrefix(epochs.first ?? ""), "a new run has a new epoch")
        let gap = try server.client.events("one", after: old).rest().named("gap")
        #expect(gap.first?.object["reason"] as? String == "epoch")
    }

    @Test func anIdempotencyKeyMakesOneJob() throws {
        let server = try HeldKinds.server()
        let key = ["Idempotency-Key": "k-1"]
        let first = try server.client.post("/v1/jobs", json: "{\"kind\":\"held\"}", key)
        #expect(first.status == 202)
        let same = try server.client.post("/v1/jobs", json: "{\"kind\":\"held\"}", key)
        #expect(same.status == 200)
        #expect(same.string("id") == first.string("id"))
        let other = try server.client.post("/v1/jobs", json: "{\"kind\":\"held\",\"priority\":1}", key)
        #expect(other.status == 422)
        #expect(other.problem == "idempotency-mismatch")

        server.kill9()
        try server.start()
        let afterwards = try server.client.post("/v1/jobs", json: "{\"kind\":\"held\"}", key)
        #expect(afterwards.status == 200)
        #expect(afterwards.string("id") == first.string("id"))
        #expect((try server.client.get("/v1/jobs")["jobs"] as? [Any])?.count == 1)
    }

    @Test func thePostsOfOneKeyThatArriveTogetherMakeOneJob() throws {
        let server = try HeldKinds.server()
        let body = Array("{\"kind\":\"held\"}".utf8)
        let headers = ["Idempotency-Key": "together", "Content-Type": "application/json"]
        let connections = try (0..<16).map { _ in try server.client.begin("POST", "/v1/jobs", headers, body: body) }
        let answers = try connections.map { try $0.response() }
        #expect(answers.filter { $0.status == 202 }.count == 1)
        #expect(answers.filter { $0.status == 200 }.count == 15)
        #expect(Set(answers.compactMap { $0.string("id") }).count == 1)
    }

    @Test func aCreatorMayWaitForTheEnd() throws {
        let server = try HeldKinds.server()
        let steps = "{\"kind\":\"demo.steps\",\"input\":{\"steps\":3,\"interval_ms\":5}}"
        let ended = try server.client.post("/v1/jobs", json: steps, ["Prefer": "wait=30"])
        #expect(ended.status == 200)
        #expect(ended.string("state") == "completed")
        #expect(ended.headers["preference-applied"] == "wait=30")
        let running = try server.client.post("/v1/jobs", json: "{\"kind\":\"held\"}", ["Prefer": "wait=1"])
        #expect(running.status == 202)
        #expect(running.string("state") == "in_progress")
    }
}
