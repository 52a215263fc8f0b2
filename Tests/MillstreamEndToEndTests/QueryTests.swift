// Members of queries: what cannot be read is 400, a refused value 422, and both name the member; what no route knows has no effect.

import Foundation
import Testing

@Suite struct QueryTests {
    private static let json = ["Accept": "application/json"]
    private static let stream = ["Accept": "text/event-stream"]

    private func refuse(
        _ path: String, _ headers: [String: String], _ status: Int, _ member: String, by server: ServerProcess
    ) throws {
        let answer = try server.client.get(path, headers)
        #expect(answer.status == status, "\(path): \(answer.text)")
        #expect(answer.problem != nil, "\(path): \(answer.text)")
        #expect(answer.fields == [member], "\(path): \(answer.text)")
    }

    @Test func aMemberThatIsRefusedIsNamed() throws {
        let server = try ServerProcess()
        _ = try server.client.post("/v1/jobs", json: "{\"kind\":\"demo.steps\",\"id\":\"j\",\"input\":{\"steps\":1}}")
        let list: [(String, Int, String)] = [
            ("cursor=zzz", 400, "cursor"), ("cursor=", 400, "cursor"), ("cursor=-1", 400, "cursor"),
            ("limit=abc", 400, "limit"), ("limit=", 400, "limit"), ("limit=0", 422, "limit"),
            ("limit=501", 422, "limit"),
            ("limit=99999999999999999999", 422, "limit"), ("state=nonsense", 422, "state"), ("state=", 422, "state"),
        ]
        for (query, status, member) in list { try refuse("/v1/jobs?\(query)", [:], status, member, by: server) }
        let page: [(String, Int, String)] = [
            ("after=zzz", 400, "after"), ("after=-1", 400, "after"), ("after=99999999999999999999", 400, "after"),
            ("limit=abc", 400, "limit"), ("limit=0", 422, "limit"), ("limit=1001", 422, "limit"),
            ("wait_for_create=x", 400, "wait_for_create"), ("wait_for_create=31", 422, "wait_for_create"),
        ]
        for (query, status, member) in page {
            try refuse("/v1/jobs/j/events?\(query)", Self.json, status, member, by: server)
        }
        let streams: [(String, Int, String)] = [
            ("starting_after=x", 400, "starting_after"), ("starting_after=-1", 400, "starting_after"),
            ("last_event_id=_", 400, "last_event_id"), ("wait_for_create=x", 400, "wait_for_create"),
            ("wait_for_create=31", 422, "wait_for_create"),
            // What another cursor is stronger than must be one, too.
            ("last_event_id=a-1&starting_after=x", 400, "starting_after"),
        ]
        for (query, status, member) in streams {
            try refuse("/v1/jobs/j/events?\(query)", Self.stream, status, member, by: server)
            try refuse("/v1/events?channel=c&\(query)", Self.stream, status, member, by: server)
        }
        try refuse(
            "/v1/events?channel=a&channel=b&starting_after=3", Self.stream, 400, "starting_after", by: server)
        try refuse("/v1/events?channel=a&channel=b&last_event_id=abc-1", Self.stream, 400, "last_event_id", by: server)
        for cursor in ["_", "a-1, a-2"] {
            let headers = Self.stream.merging(["Last-Event-ID": cursor]) { $1 }
            try refuse("/v1/events?channel=a", headers, 400, "Last-Event-ID", by: server)
        }
        try refuse("/v1/events", Self.stream, 422, "job", by: server)
        try refuse("/v1/events?channel=..", Self.stream, 422, "channel", by: server)
        try refuse("/v1/events?job=j&channel=c&channel=c", Self.stream, 422, "channel", by: server)
        try refuse("/v1/events?channel=c&job=j&job=j", Self.stream, 422, "job", by: server)
        let channels = (0..<64).map { "channel=c\($0)" }.joined(separator: "&")
        try refuse("/v1/events?\(channels)&job=j", Self.stream, 422, "job", by: server)
        // Nobody waits for a job to be told that the question could not be read.
        try refuse("/v1/jobs/none/events?wait_for_create=30&after=zzz", Self.json, 400, "after", by: server)
    }

    @Test func aMemberThatTakesOneValueIsGivenOnce() throws {
        let server = try ServerProcess()
        _ = try server.client.post("/v1/jobs", json: "{\"kind\":\"demo.steps\",\"id\":\"j\",\"input\":{\"steps\":1}}")
        let members: [(String, [String: String], [(String, String)])] = [
            (
                "/v1/jobs?", [:],
                [("limit", "1"), ("state", "queued"), ("kind", "k"), ("owner", "ann"), ("cursor", "before-1")]
            ),
            ("/v1/jobs/j/events?", Self.json, [("after", "1"), ("limit", "1"), ("wait_for_create", "1")]),
            (
                "/v1/jobs/j/events?", Self.stream,
                [("starting_after", "1"), ("last_event_id", "a-1"), ("wait_for_create", "1")]
            ),
            (
                "/v1/events?channel=c&", Self.stream,
                [("starting_after", "1"), ("last_event_id", "a-1"), ("wait_for_create", "1")]
            ),
        ]
        for (path, headers, names) in members {
            for (name, value) in names {
                try refuse("\(path)\(name)=\(value)&x=y&\(name)=\(value)", headers, 400, name, by: server)
            }
        }
    }

    @Test func whatNoRouteKnowsHasNoEffect() throws {
        let server = try ServerProcess()
        _ = try server.client.post("/v1/jobs", json: "{\"kind\":\"demo.steps\",\"id\":\"j\",\"input\":{\"steps\":1}}")
        for path in ["/v1/jobs", "/v1/jobs/j", "/livez", "/readyz", "/metrics", "/", "/v1/jobs/j/events"] {
            let answer = try server.client.get(path + "?_=1763800000&_=2&bogus&limi=0", Self.json)
            #expect(answer.status == 200, "\(path): \(answer.text)")
        }
        #expect(try server.client.stream("/v1/events?channel=c&_=1&_=2").status == 200)
    }
}
