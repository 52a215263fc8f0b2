// Requests that are served: in any pieces, one behind the other, with all that a client may leave out, and to a client that leaves.

import MillstreamHTTP
import Testing

@Suite struct RequestTests {
    @Test func requestIsAnsweredAtAnySplit() throws {
        let server = try TestServer()
        let client = try server.connect()
        let text = Array(
            "POST /echo HTTP/1.1\r\nHost: a:80\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n"
                .utf8)
        for split in 1..<text.count {
            try client.send(Array(text[..<split]))
            _ = server.onLoop { _ in true }
            try client.send(Array(text[split...]))
            let response = try client.readResponse()
            #expect(response.text == "abcde", "split at \(split)")
        }
        #expect(server.onLoop { $0.server?.metrics.accepted } == 1)
    }

    @Test func requestIsAnsweredByteByByte() throws {
        let server = try TestServer()
        let client = try server.connect()
        for byte in "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde".utf8 { try client.send([byte]) }
        #expect(try client.readResponse().text == "abcde")
    }

    @Test func keepAliveServesManyRequests() throws {
        let server = try TestServer()
        let client = try server.connect()
        for _ in 0..<100 {
            try client.request("GET /hello")
            let response = try client.readResponse()
            #expect(response.text == "hello\n")
            #expect(response["date"]?.hasSuffix(" GMT") == true)
            #expect(response["connection"] == nil)
        }
        #expect(server.onLoop { $0.server?.metrics.accepted } == 1)
    }

    @Test(arguments: [
        (["Content-Type: application/json"], 200), (["content-type: Application/JSON"], 200),
        (["Content-Type: application/json; charset=utf-8"], 200), (["Content-Type: application/jsonx"], 415),
        (["Content-Type: application/json", "Content-Type: application/json"], 415),
        (["Content-Type: application/json, text/plain"], 415),
    ])
    func contentTypeIsOneOfTheRoute(headers: [String], status: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("POST /json", headers + ["Content-Length: 2"], body: "{}")
        #expect(try client.readResponse().status == status)
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let server = try TestServer()
        let client = try server.connect()
        let requests = (0..<50).map { "GET /target?\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
        try client.send(requests.joined())
        for index in 0..<50 { #expect(try client.readResponse().text == "/target|\(index)|a") }
    }

    @Test func pipelinedRequestsWaitForTheParkedOne() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("GET /park HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(server.waitUntil { $0.parked.count == 1 })
        #expect(server.onLoop { $0.answered } == ["/park"])
        server.onLoop { $0.reply($0.parked[0], "parked") }
        #expect(try client.readResponse().text == "parked")
        #expect(try client.readResponse().text == "hello\n")
    }

    @Test func pipelinedInputIsBounded() throws {
        var settings = HTTPServerSettings()
        settings.maxPipelinedBytes = 1_024
        let server = try TestServer(settings)
        let client = try server.connect()
        try client.request("GET /park")
        #expect(server.waitUntil { $0.parked.count == 1 })
        let flood = String(repeating: "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", count: 1_000)
        try client.send(flood)
        #expect(server.waitUntil { ($0.server?.metrics.bytesIn ?? 0) > 1_024 })
        // The rest stays in the kernel until the parked request is answered.
        #expect(server.onLoop { ($0.server?.metrics.bytesIn ?? .max) < 16 * 1_024 })
        server.onLoop { $0.reply($0.parked[0], "parked") }
        #expect(try client.readResponse().text == "parked")
        for _ in 0..<1_000 { #expect(try client.readResponse().status == 200) }
    }

    @Test func oldVersionIsAnsweredAndClosed() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let response = try client.readResponse()
        #expect(response.text == "hello\n")
        #expect(response["connection"] == "close")
        #expect(try client.isClosedByServer())
    }

    @Test func closeIsHonouredFromBothSides() throws {
        let server = try TestServer()
        for (line, headers) in [("GET /hello", ["Connection: Keep-Alive, Close"]), ("GET /closing", [])] {
            let client = try server.connect()
            try client.request(line, headers)
            #expect(try client.readResponse()["connection"] == "close")
            #expect(try client.isClosedByServer())
        }
    }

    @Test func headRepliesHaveALengthAndNoBody() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("HEAD /hello")
        #expect(try client.readResponse(hasBody: false)["content-length"] == "6")
        try client.request("GET /hello")
        #expect(try client.readResponse().text == "hello\n")
        try client.request("HEAD /nope")
        #expect(try client.readResponse(hasBody: false).status == 404)
        try client.request("HEAD /stream")
        let head = try client.readResponse(hasBody: false)
        #expect(head["content-type"] == "text/event-stream")
        #expect(head["content-length"] == nil)
        #expect(server.onLoop { $0.streams.isEmpty })
    }

    @Test func emptyRepliesHaveNoLength() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("GET /empty")
        #expect(try client.readResponse()["content-length"] == nil)
        try client.request("GET /hello")
        #expect(try client.readResponse().text == "hello\n")
    }

    @Test func refusalWithoutBodyKeepsTheConnection() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("GET /nope")
        #expect(try client.readResponse().status == 404)
        try client.request("PUT /get-only")
        #expect(try client.readResponse()["allow"] == "GET")
        try client.request("GET /hello")
        #expect(try client.readResponse().status == 200)
    }

    @Test func targetFormsAreUnderstood() throws {
        let server = try TestServer()
        let client = try server.connect()
        for (target, text) in [
            ("/target?a=b?c", "/target|a=b?c|test"), ("/target?", "/target||test"),
            ("http://other:81/target?x", "/target|x|other:81"), ("/target", "/target|-|test"),
            ("http://other/target?http://a/?b", "/target|http://a/?b|other"),
            // An http URL without a path names the root.
            ("http://other", "/|-|other"), ("HTTPS://[::1]:81", "/|-|[::1]:81"),
            ("http://other?a=/b?c", "/|a=/b?c|other"),
            ("http://other?", "/||other"),
        ] {
            try client.request("GET \(target)")
            #expect(try client.readResponse().text == text)
        }
        for (target, meant) in [
            ("*", "*"), ("http://other", "*"), ("HTTPS://[::1]:81", "*"), ("http://other/", "/"),
            ("http://other?", "/?"), ("http://other?a", "/?a"),
        ] {
            try client.request("OPTIONS \(target)")
            #expect(try client.readResponse().status == 200)
            #expect(server.onLoop { $0.answered.last } == meant, "\(target)")
        }
    }

    @Test(arguments: ["\r\n", "\r\n\r\n", String(repeating: "\r\n", count: 100)])
    func emptyLinesBeforeARequestAreForgivenAtAnySplit(lines: String) throws {
        let server = try TestServer()
        let client = try server.connect()
        let bytes = Array(lines.utf8)
        for split in [0, 1, 2, bytes.count - 1, bytes.count] {
            // Ahead of the first request, and between those that follow on the connection.
            try client.send(Array(bytes[..<split]))
            _ = server.onLoop { _ in true }
            try client.send(Array(bytes[split...]) + Array("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            #expect(try client.readResponse().text == "hello\n", "split at \(split)")
        }
        #expect(server.onLoop { $0.server?.metrics.accepted } == 1)
    }

    @Test func emptyLinesCountInTheHeadTheyPrecede() throws {
        var settings = HTTPServerSettings()
        settings.maxHeadBytes = 1_024
        let server = try TestServer(settings)
        let request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        let room = (1_024 - request.utf8.count) / 2
        let client = try server.connect()
        try client.send(String(repeating: "\r\n", count: room) + request)
        #expect(try client.readResponse().status == 200)
        try client.send(String(repeating: "\r\n", count: room + 1) + request)
        #expect(try client.readResponse().status == 431)
        #expect(try client.isClosedByServer())
        let endless = try server.connect()
        try endless.send(String(repeating: "\r\n", count: 513))
        #expect(try endless.readResponse().status == 431)
    }

    @Test func continueIsSentWhenTheBodyIsWanted() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("POST /echo", ["Expect: 100-continue", "Content-Length: 3"])
        #expect(try client.read(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        try client.send("abc")
        #expect(try client.readResponse().text == "abc")
        try client.request("POST /nope", ["Expect: 100-continue", "Content-Length: 3"])
        #expect(try client.readResponse().status == 404)
        #expect(try client.isClosedByServer())
    }

    @Test func oddReplyHeadersAreLeftOut() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("GET /odd-headers")
        let response = try client.readResponse()
        #expect(response["x-good"] == "d")
        #expect(response["x-bad"] == nil)
        #expect(response["set-cookie"] == nil)
        #expect(server.onLoop { $0.server?.metrics.invalidReplyHeaders } == 2)
    }

    @Test func largeReplyArrivesWhole() throws {
        let server = try TestServer()
        let client = try server.connect()
        for _ in 0..<3 {
            try client.request("GET /big")
            #expect(try client.readResponse().body.count == 8 << 20)
        }
        try client.request("GET /big", ["Connection: close"])
        #expect(try client.readResponse().body.count == 8 << 20)
        #expect(try client.isClosedByServer())
    }

    @Test func halfClosedClientGetsItsReply() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("GET /park")
        client.finishSending()
        #expect(server.waitUntil { $0.left.count == 1 })
        server.onLoop { $0.reply($0.parked[0], "still there") }
        #expect(try client.readResponse().text == "still there")
        #expect(try client.isClosedByServer())
    }

    @Test func halfClosedClientGetsAllPipelinedReplies() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send(String(repeating: "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", count: 5))
        client.finishSending()
        for _ in 0..<5 { #expect(try client.readResponse().status == 200) }
        #expect(try client.isClosedByServer())
    }

    @Test func replyToAResetPeerIsNoError() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("GET /park")
        #expect(server.waitUntil { $0.parked.count == 1 })
        client.reset()
        #expect(server.waitUntil { $0.left.count == 1 })
        server.onLoop { $0.reply($0.parked[0], "too late") }
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 0 })
        #expect(server.onLoop { $0.server?.exchange($0.parked[0]) == nil })
    }

    @Test func bodyMemoryIsBoundedOverAllConnections() throws {
        var settings = HTTPServerSettings()
        settings.maxBufferedBodyBytes = 1_000
        let server = try TestServer(settings)
        let first = try server.connect()
        try first.request("POST /park-body", ["Content-Length: 1000"], body: String(repeating: "x", count: 1_000))
        #expect(server.waitUntil { $0.parked.count == 1 })
        let second = try server.connect()
        try second.request("POST /echo", ["Content-Length: 1"], body: "x")
        #expect(try second.readResponse().status == 503)
        server.onLoop { $0.reply($0.parked[0], "done") }
        #expect(try first.readResponse().text == "done")
        let third = try server.connect()
        try third.request("POST /echo", ["Content-Length: 1"], body: "x")
        #expect(try third.readResponse().status == 200)
        #expect(server.onLoop { $0.server?.metrics.bufferedBodyBytes } == 0)
    }
}
