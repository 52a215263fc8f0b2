// The server as HTTP/1.1: methods, versions, connections that stay, deadlines.

import Foundation
import Testing

@Suite struct HTTPTests {
    private func request(_ path: String, _ more: String = "", method: String = "GET", version: String = "1.1") -> String
    {
        "\(method) \(path) HTTP/\(version)\r\nHost: x\r\n\(more)\r\n"
    }

    @Test func aConnectionStaysForTheNextRequest() throws {
        let server = try ServerProcess()
        let connection = try TestConnection(port: server.port)
        for _ in 0..<3 {
            try connection.send(request("/livez"))
            #expect(try connection.response().status == 200)
            try connection.send(request("/nothing"))
            #expect(try connection.response().status == 404)
        }
        try connection.send(request("/livez", "Connection: close\r\n"))
        #expect(try connection.response().headers["connection"]?.lowercased() == "close")
        #expect(try connection.receiveAll().isEmpty)
    }

    @Test func requestsThatCameTogetherAreAnsweredInTheirOrder() throws {
        let server = try ServerProcess()
        let connection = try TestConnection(port: server.port)
        let body = "{\"kind\":\"nope\"}"
        let post = request(
            "/v1/jobs", "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n", method: "POST")
        try connection.send(request("/livez") + post + body + request("/nothing") + request("/openapi.json"))
        #expect(try (0..<4).map { _ in try connection.response().status } == [200, 422, 404, 200])
    }

    @Test func requestsBehindAStreamNeverRun() throws {
        let server = try ServerProcess()
        let job = try server.client.start("demo.steps", input: "{\"steps\":20,\"interval_ms\":10}")
        let body = "{\"kind\":\"demo.steps\",\"id\":\"behind\"}"
        let post = request(
            "/v1/jobs", "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n", method: "POST")
        let connection = try TestConnection(port: server.port)
        try connection.send(request("/v1/jobs/\(job)/events") + post + body)
        let head = try connection.readHead()
        #expect(head.status == 200)
        #expect(head.headers["connection"]?.lowercased() == "close")
        try? connection.send(post + body)
        let everything = String(decoding: try connection.receiveAll(), as: UTF8.self)
        #expect(everything.components(separatedBy: "HTTP/1.1 ").count == 1)
        #expect(try server.client.get("/v1/jobs/behind").status == 404)
    }

    @Test func aFloodBehindAStreamIsNotKept() throws {
        let server = try HeldKinds.server()
        let job = try server.client.start("held")
        let stream = try server.client.events(job)
        try stream.until("began")
        let before = server.procStatus("VmRSS")
        let flood = Array(repeating: request("/livez"), count: 2000).joined()
        for _ in 0..<200 {
            // The server may close: it owes nothing to who sends on an open stream.
            do { try stream.connection.send(flood) } catch { break }
        }
        #expect(try server.client.get("/livez").status == 200)
        #expect(server.procStatus("VmRSS") - before < 8192, "kB of what came behind an open stream")
    }

    @Test func headIsGetWithoutTheBody() throws {
        let server = try ServerProcess()
        for path in ["/livez", "/", "/openapi.json", "/v1/jobs", "/nothing"] {
            let get = try server.client.get(path)
            let connection = try server.client.begin("HEAD", path)
            let head = try connection.readHead()
            #expect(head.status == get.status, "\(path)")
            #expect(head.headers["content-type"] == get.headers["content-type"], "\(path)")
            #expect(try connection.receiveAll().isEmpty, "\(path)")
        }
        let job = try server.client.start("demo.steps", input: "{\"steps\":1}")
        let connection = try server.client.begin("HEAD", "/v1/jobs/\(job)/events")
        let head = try connection.readHead()
        #expect(head.status == 200)
        #expect(head.headers["content-type"] == "text/event-stream")
        #expect(try connection.receiveAll().isEmpty)
    }

    @Test(arguments: [
        ("/livez", "GET"), ("/v1/jobs", "GET,POST"), ("/v1/jobs/x", "GET"), ("/v1/jobs/x/events", "GET,POST"),
        ("/v1/jobs/x/cancel", "POST"), ("/v1/jobs/x/input", "POST"), ("/v1/events", "GET"),
        ("/v1/channels/c/events", "POST"), ("/v1/uploads", "POST"), ("/metrics", "GET"),
    ]) func optionsAndOtherMethodsAreAnsweredWithAllow(path: String, methods: String) throws {
        let server = try ServerProcess()
        let options = try server.client.request("OPTIONS", path)
        #expect(options.status == 200 || options.status == 204)
        let refused = try server.client.request("DELETE", path)
        #expect(refused.status == 405)
        #expect(refused.problem == "method-not-allowed")
        for answer in [options, refused] {
            let allow = Set((answer.headers["allow"] ?? "").split(separator: ",").map { $0.filter { $0 != " " } })
            #expect(allow.isSuperset(of: methods.split(separator: ",").map(String.init)), "\(allow)")
            #expect(!allow.contains("DELETE"))
        }
    }

    /// A URL without a path is how a proxy is asked for `*`, and a request may come as it was meant for one.
    @Test(arguments: ["*", "http://localhost"]) func theServerItselfHasOptions(target: String) throws {
        let server = try ServerProcess()
        let answer = try server.client.request("OPTIONS", target)
        #expect(answer.status == 200 || answer.status == 204)
    }

    @Test func aClientOfHTTP10IsServedAndClosed() throws {
        let server = try ServerProcess()
        for more in ["", "Connection: keep-alive\r\n"] {
            let connection = try TestConnection(port: server.port)
            try connection.send("GET /livez HTTP/1.0\r\n\(more)\r\n")
            let head = try connection.readHead()
            #expect(head.status == 200)
            #expect(head.headers["transfer-encoding"] == nil)
            #expect(!(try connection.receiveAll().isEmpty))
        }
        let job = try server.client.start("demo.steps", input: "{\"steps\":3,\"interval_ms\":5}")
        for more in ["", "Connection: keep-alive\r\n"] {
            let stream = try TestConnection(port: server.port)
            try stream.send("GET /v1/jobs/\(job)/events HTTP/1.0\r\n\(more)\r\n")
            let head = try stream.readHead()
            #expect(head.status == 200)
            #expect(head.headers["transfer-encoding"] == nil)
            #expect(head.headers["content-length"] == nil)
            let body = String(decoding: try stream.receiveAll(), as: UTF8.self)
            #expect(body.contains("event: status\n"))
            #expect(body.contains("event: completed\n"))
        }
    }

    @Test func aChunkedBodyIsRead() throws {
        let server = try ServerProcess()
        let connection = try TestConnection(port: server.port)
        try connection.send(
            request("/v1/jobs", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", method: "POST"))
        try connection.send("8;x=y\r\n{\"kind\":\r\n")
        try connection.send("C\r\n\"demo.steps\"\r\n1\r\n}\r\n0\r\nTrailer: 1\r\n\r\n")
        #expect(try connection.response().status == 202)
    }

    /// RFC 9110 section 5.3: a list may stand in several lines. What is no list may not.
    @Test func aHeaderInTwoLinesIsOneListOrRefused() throws {
        let server = try ServerProcess()
        let connection = try TestConnection(port: server.port)
        let body = "{\"kind\":\"demo.steps\",\"input\":{\"steps\":1}}"
        func post(_ more: String) throws -> TestResponse {
            let head = "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
            try connection.send(request("/v1/jobs", head + more, method: "POST") + body)
            return try connection.response()
        }
        let ended = try post("Prefer: respond-async\r\nPrefer: wait=30\r\n")
        #expect(ended.status == 200)
        #expect(ended.headers["preference-applied"] == "wait=30")
        let tag = try #require(ended.headers["etag"])
        let job = try #require(ended.string("status_url"))
        try connection.send(request(job, "If-None-Match: \"other\"\r\nIf-None-Match: \(tag)\r\n"))
        #expect(try connection.response().status == 304)
        let keys = try post("Idempotency-Key: a\r\nIdempotency-Key: a\r\n")
        #expect(keys.status == 400)
        #expect(keys.fields == ["Idempotency-Key"])
        let own =
            "POST /v1/jobs/none/cancel HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 0\r\nOrigin: http://localhost:1\r\n"
        try connection.send(own + "\r\n" + own + "Origin: http://evil.example\r\n\r\n")
        #expect(try connection.response().status == 404)
        #expect(try connection.response().problem == "foreign-origin")
    }

    @Test func aRequestMayComeByteByByte() throws {
        let server = try ServerProcess()
        let connection = try TestConnection(port: server.port)
        let body = "{\"kind\":\"demo.steps\"}"
        let text =
            request(
                "/v1/jobs", "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n", method: "POST")
            + body
        for byte in text.utf8 { try connection.send([byte]) }
        #expect(try connection.response().status == 202)
    }

    @Test func anExpectationIsMet() throws {
        let server = try ServerProcess()
        let connection = try TestConnection(port: server.port)
        let body = "{\"kind\":\"demo.steps\"}"
        let expecting =
            "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n"
        try connection.send(request("/v1/jobs", expecting, method: "POST"))
        #expect(try connection.readHead().status == 100)
        try connection.send(body)
        #expect(try connection.response().status == 202)
        // Who would be refused is told before the body.
        let refused = try TestConnection(port: server.port)
        try refused.send(request("/nothing", expecting, method: "POST"))
        #expect(try refused.response().status == 404)
    }

    /// Deadlines run from the request's first byte, so that a byte now and then does not stretch them.
    @Test func aHeadOrBodyThatDoesNotArriveIsGivenUp() throws {
        let server = try ServerProcess(
            configuration: "limits:\n  head_timeout: 300ms\n  body_timeout: 300ms\n  idle_timeout: 3s\n")
        let head = try TestConnection(port: server.port)
        try head.send("GET /livez HTTP/1.1\r\nHost: x\r\n")
        let body = try TestConnection(port: server.port)
        try body.send(
            request("/v1/jobs", "Content-Type: application/json\r\nContent-Length: 10\r\n", method: "POST") + "{")
        for connection in [head, body] {
            let response = try connection.response()
            #expect(response.status == 408)
            #expect(response.problem == "request-timeout")
            #expect(try connection.receiveAll().isEmpty)
        }
        // Without a request there is nothing to answer.
        #expect(try TestConnection(port: server.port).receiveAll().isEmpty)
        let slow = try TestConnection(port: server.port)
        var answered: [UInt8] = []
        for byte in String(repeating: "X-Slow: loris\r\n", count: 10_000).utf8 {
            do { try slow.send([byte]) } catch { break }
            var poller = pollfd(fd: slow.descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&poller, 1, 20) == 1 {
                answered = try slow.receiveAll()
                break
            }
        }
        #expect(
            String(decoding: answered, as: UTF8.self).contains(" 400 ") || answered.isEmpty
                || String(decoding: answered, as: UTF8.self).contains(" 408 "))
        // An open stream is no idle connection.
        let job = try server.client.start("demo.steps", input: "{\"steps\":4,\"interval_ms\":300}")
        #expect(try server.client.events(job).rest().terminal.count == 1)
    }

    @Test func anIPv6AndAUnixSocketAreServed() throws {
        guard let curl = Requirement.program("curl") else { return }
        let six = try ServerProcess(["--demo", "--host", "::1"])
        let answer = try FinishedProgram.run(
            curl, ["-sS", "-g", "http://[::1]:\(six.port)/livez", "-w", "%{http_code}"])
        #expect(answer.output.hasSuffix("200"))

        let directory = try TemporaryDirectory()
        let path = directory.file("m.sock").path
        let unix = try ChildProcess(
            ServerProcess.binary.path,
            ["serve", "--host", "unix:\(path)", "--data", directory.file("data").path],
            output: .pipe, errors: directory.file("log"))
        #expect(try unix.readLine()?.contains("listening on") == true)
        let local = try FinishedProgram.run(
            curl, ["-sS", "--unix-socket", path, "http://localhost/livez", "-w", "%{http_code}"])
        #expect(local.output.hasSuffix("200"))
    }
}
