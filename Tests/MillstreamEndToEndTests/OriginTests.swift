// What pages of other origins may do: nothing but what the configuration says.

import Foundation
import Testing

@Suite struct OriginTests {
    private let body = "{\"kind\":\"demo.steps\",\"input\":{\"steps\":1}}"

    @Test(arguments: ["http://evil.example", "null", "http://127.0.0.1.evil.example", "https://localhost", "file://"])
    func aForeignPageStartsNothing(origin: String) throws {
        let server = try ServerProcess()
        for path in ["/v1/jobs", "/v1/channels/c/events", "/v1/uploads", "/v1/jobs/x/cancel"] {
            let answer = try server.client.post(path, json: body, ["Origin": origin])
            #expect(answer.status == 403, "\(path)")
            #expect(answer.problem == "foreign-origin", "\(path)")
            #expect(answer.headers["access-control-allow-origin"] == nil)
        }
        let preflight = try server.client.request(
            "OPTIONS", "/v1/jobs", ["Origin": origin, "Access-Control-Request-Method": "POST"])
        #expect(preflight.headers["access-control-allow-origin"] == nil)
        #expect((try server.client.get("/v1/jobs")["jobs"] as? [Any])?.count == 0)
    }

    @Test func theServersOwnPageMayDoAll() throws {
        let server = try ServerProcess()
        let own = ["Origin": "http://127.0.0.1:\(server.port)"]
        #expect(try server.client.post("/v1/jobs", json: body, own).status == 202)
        #expect(try server.client.post("/v1/jobs", json: body).status == 202, "no Origin: no browser")
    }

    @Test func aListedPageIsToldThatItMay() throws {
        let server = try ServerProcess(configuration: "cors_origins: [\"http://app.example:3000\"]\n")
        let origin = "http://app.example:3000"
        let preflight = try server.client.request(
            "OPTIONS", "/v1/jobs",
            [
                "Origin": origin, "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type,idempotency-key",
            ])
        #expect(preflight.status == 204 || preflight.status == 200)
        #expect(preflight.headers["access-control-allow-origin"] == origin)
        #expect(preflight.headers["access-control-allow-methods"]?.contains("POST") == true)
        #expect(preflight.headers["access-control-allow-headers"]?.lowercased().contains("content-type") == true)
        #expect(preflight.headers["vary"]?.lowercased().contains("origin") == true)
        let created = try server.client.post("/v1/jobs", json: body, ["Origin": origin])
        #expect(created.status == 202)
        #expect(created.headers["access-control-allow-origin"] == origin)
        let url = try #require(created.string("stream_url"))
        let stream = try server.client.stream(url, ["Origin": origin])
        #expect(stream.headers["access-control-allow-origin"] == origin)
        // A refusal can be read by the page as well.
        let refused = try server.client.post("/v1/jobs", json: "{}", ["Origin": origin])
        #expect(refused.status == 400)
        #expect(refused.headers["access-control-allow-origin"] == origin)
        let foreign = try server.client.post("/v1/jobs", json: body, ["Origin": "http://app.example"])
        #expect(foreign.status == 403)
    }

    @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""])
    func whatAFormCanSendIsNoRequest(type: String) throws {
        let server = try ServerProcess()
        for path in ["/v1/jobs", "/v1/channels/c/events", "/v1/jobs/x/input"] {
            let headers = type.isEmpty ? [:] : ["Content-Type": type]
            let answer = try server.client.request("POST", path, headers, body: Array(body.utf8))
            #expect(answer.status == 415, "\(path)")
            #expect(answer.problem == "unsupported-media-type", "\(path)")
        }
    }

    /// DNS rebinding: a foreign name that resolves to this machine is no name of this server.
    @Test func aForeignHostMayNotPost() throws {
        let server = try ServerProcess()
        let connection = try TestConnection(port: server.port)
        try connection.send(
            "POST /v1/jobs HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
        #expect(try connection.response().status == 403)
    }
}
