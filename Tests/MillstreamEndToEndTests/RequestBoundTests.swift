// The bounds of one request and of all together: at the bound it is served, one past it is refused as the reference says, the bound's
// count moves by one, and the server goes on.

import Foundation
import Testing

@Suite struct RequestBoundTests {
    private let publish = "/v1/channels/c/events"

    /// The answer to exactly these bytes.
    private func send(_ text: String, to server: ServerProcess) throws -> TestResponse {
        let connection = try TestConnection(port: server.port)
        try connection.send(text)
        return try connection.response()
    }

    /// A request without a body whose head is that long.
    private func head(bytes: Int) -> String {
        let start = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Pad: "
        return start + String(repeating: "a", count: bytes - start.utf8.count - 4) + "\r\n\r\n"
    }

    /// An event whose request body is that long.
    private func event(bytes: Int) -> String {
        let empty = "{\"event\":\"e\",\"data\":\"\"}"
        return "{\"event\":\"e\",\"data\":\"" + String(repeating: "a", count: bytes - empty.utf8.count) + "\"}"
    }

    private func chunked(_ body: String) -> String {
        "POST \(publish) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
    }

    @Test func aHead() throws {
        let server = try ServerProcess(
            configuration: "limits:\n  max_head_bytes: 1KiB\n  max_header_fields: 8\n  max_target_bytes: 256\n")
        #expect(try send(head(bytes: 1024), to: server).status == 200)
        #expect(try send(head(bytes: 1025), to: server).problem == "head-too-large")
        #expect(try server.client.hits("limits.max_head_bytes") == 1)

        let fields = { (count: Int) in
            "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + String(repeating: "A: b\r\n", count: count - 2) + "\r\n"
        }
        #expect(try send(fields(8), to: server).status == 200)
        #expect(try send(fields(9), to: server).problem == "head-too-large")
        #expect(try server.client.hits("limits.max_header_fields") == 1)

        let target = { (count: Int) in "/livez?" + String(repeating: "a", count: count - 7) }
        #expect(try server.client.get(target(256)).status == 200)
        #expect(try server.client.get(target(257)).problem == "uri-too-long")
        #expect(try server.client.hits("limits.max_target_bytes") == 1)
        #expect(try server.client.hits("limits.max_head_bytes") == 1)
    }

    @Test func aBody() throws {
        let server = try ServerProcess(configuration: "limits:\n  max_body_bytes: 1KiB\n")
        #expect(try server.client.post(publish, json: event(bytes: 1024)).status == 200)
        #expect(try send(chunked(event(bytes: 1024)), to: server).status == 200)
        #expect(try server.client.hits("limits.max_body_bytes") == 0)
        #expect(try server.client.post(publish, json: event(bytes: 1025)).problem == "content-too-large")
        #expect(try server.client.hits("limits.max_body_bytes") == 1)
        #expect(try send(chunked(event(bytes: 1025)), to: server).problem == "content-too-large")
        #expect(try server.client.hits("limits.max_body_bytes") == 2)
    }

    @Test func allBodiesTogether() throws {
        let server = try ServerProcess(
            configuration: "limits:\n  max_body_bytes: 1KiB\n  max_total_body_bytes: 1KiB\n")
        let body = event(bytes: 1024)
        let slow = try TestConnection(port: server.port)
        try slow.send(
            "POST \(publish) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n")
        try slow.send(Array(body.utf8.prefix(1000)))
        #expect(try eventually { try server.client.metric("millstream_request_body_bytes") == 1000 })
        #expect(try server.client.post(publish, json: event(bytes: 24)).status == 200)
        #expect(try server.client.hits("limits.max_total_body_bytes") == 0)
        let refused = try server.client.post(publish, json: event(bytes: 25))
        #expect(refused.problem == "overloaded")
        #expect(refused.headers["retry-after"] != nil)
        #expect(try server.client.hits("limits.max_total_body_bytes") == 1)
        try slow.send(Array(body.utf8.dropFirst(1000)))
        #expect(try slow.response().status == 200)
        #expect(try server.client.post(publish, json: event(bytes: 25)).status == 200)
    }

    @Test func requestsBehindTheOneThatIsAnswered() throws {
        let server = try HeldKinds.server(more: "limits:\n  max_pipelined_bytes: 1KiB\n")
        let id = try server.client.start("held")
        try server.client.events(id).until("began")
        let tag = try #require(try server.client.get("/v1/jobs/\(id)").headers["etag"])
        let connection = try TestConnection(port: server.port)
        try connection.send(
            "GET /v1/jobs/\(id) HTTP/1.1\r\nHost: x\r\nPrefer: wait=60\r\nIf-None-Match: \(tag)\r\n\r\n")
        #expect(try eventually { try server.client.metric("millstream_requests_parked") == 1 })
        let small = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        let count = 1024 / small.utf8.count
        let rest = 1024 - count * small.utf8.count
        try connection.send(String(repeating: small, count: count) + small.prefix(rest))
        // What came before this request was read before it.
        #expect(try server.client.get("/livez").status == 200)
        #expect(try server.client.hits("limits.max_pipelined_bytes") == 0)
        try connection.send(String(small.dropFirst(rest).prefix(1)))
        #expect(try eventually { try server.client.hits("limits.max_pipelined_bytes") == 1 })
        try server.client.give(id)
        #expect(try connection.response().status == 200)
        try connection.send(String(small.dropFirst(rest + 1)))
        for _ in 0...count { #expect(try connection.response().text == "ok\n") }
    }

    @Test func timeForAHeadABodyAndARequest() throws {
        let server = try ServerProcess(
            configuration: "limits:\n  head_timeout: 500ms\n  body_timeout: 500ms\n  idle_timeout: 3s\n")
        let head = try TestConnection(port: server.port)
        try head.send("GET /livez HTTP/1.1\r\n")
        #expect(try head.response().problem == "request-timeout")
        #expect(try server.client.hits("limits.head_timeout") == 1)
        let body = try TestConnection(port: server.port)
        try body.send(
            "POST \(publish) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
        #expect(try body.response().problem == "request-timeout")
        #expect(try server.client.hits("limits.body_timeout") == 1)
        let idle = try TestConnection(port: server.port)
        #expect(try idle.receiveAll().isEmpty)
        #expect(try server.client.hits("limits.idle_timeout") >= 1)
    }

    @Test func connections() throws {
        let server = try ServerProcess(configuration: "limits:\n  max_connections: 8\n")
        let held = try (0..<8).map { _ in try TestConnection(port: server.port) }
        let request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
        // The eighth is served, and so is each again.
        try held[7].send(request)
        let before = try held[7].response()
        #expect(before.status == 200)
        let series = "millstream_limit_hits_total{limit=\"limits.max_connections\"}"
        #expect(try TestClient.metric(series, in: before.text) == 0)
        let refused = try server.client.get("/livez")
        #expect(refused.status == 503)
        #expect(refused.problem != nil && refused.headers["retry-after"] != nil)
        try held[0].send(request)
        #expect(try TestClient.metric(series, in: try held[0].response().text) == 1)
    }

    @Test func requestsThatWaitForAChange() throws {
        let server = try HeldKinds.server(more: "limits:\n  max_parked_requests: 1\n")
        let id = try server.client.start("held")
        try server.client.events(id).until("began")
        let waiting = try server.client.begin("GET", "/v1/jobs/\(id)", ["Prefer": "wait=60"])
        #expect(try eventually { try server.client.metric("millstream_requests_parked") == 1 })
        #expect(try server.client.hits("limits.max_parked_requests") == 0)
        let second = try server.client.get("/v1/jobs/\(id)", ["Prefer": "wait=60"])
        #expect(second.string("state") == "in_progress", "answered at once, with what there is")
        #expect(second.headers["preference-applied"] == nil)
        #expect(try server.client.hits("limits.max_parked_requests") == 1)
        try server.client.give(id)
        #expect(try waiting.response().headers["preference-applied"] == "wait=60")
    }
}
