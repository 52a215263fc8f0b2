// Requests that are refused, each as a problem with its own status, before anything behind them is read as another request.

import MillstreamHTTP
import Testing

@Suite struct BadRequestTests {
    /// What evhttp alone would accept, answer in HTML, or run twice.
    static let badRequests: [(name: String, text: String, status: Int)] = [
        ("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("two spaces", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("tab as separator", "GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("trailing space", "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        ("no version", "GET /hello\r\nHost: a\r\n\r\n", 400),
        ("method with colon", "GE:T /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("long method", String(repeating: "M", count: 33) + " /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("target without slash", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("fragment", "GET /hello#a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("raw UTF-8 in target", "GET /h\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("NUL in target", "GET /he\0llo HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("bare line feeds", "GET /hello HTTP/1.1\nHost: a\n\n", 400),
        ("bare line feed in headers", "GET /hello HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
        ("bare carriage return", "GET /hello HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
        ("NUL in value", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
        ("folded header", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        ("space before colon", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("no colon", "GET /hello HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400),
        ("empty name", "GET /hello HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400),
        ("no Host", "GET /hello HTTP/1.1\r\n\r\n", 400),
        ("two Hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("two Hosts with 1.0", "GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("empty Host", "GET /hello HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("Host with path", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("Host with user", "GET /hello HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
        ("Host with odd port", "GET /hello HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400),
        ("Host list", "GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
        (
            "same Content-Length twice",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400
        ),
        ("Content-Length list", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400),
        ("Content-Length with plus", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400),
        ("negative Content-Length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx", 400),
        ("hexadecimal Content-Length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx", 400),
        ("empty Content-Length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nx", 400),
        (
            "endless Content-Length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
            400
        ),
        (
            "both framings",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400
        ),
        (
            "chunked twice",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400
        ),
        ("gzip, chunked", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        ("identity", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 400),
        ("xchunked", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
        ("chunked with 1.0", "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (
            "space before TE's colon", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            400
        ),
        ("body on GET", "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 400),
        ("chunked GET", "GET /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("body on HEAD", "HEAD /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 400),
        ("no line end behind an empty line", "\r\n\rGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("bare line feed as empty line", "\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("spaces behind an empty line", "\r\n \r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("TLS handshake behind an empty line", "\r\n\u{16}\u{3}\u{1}\u{2}", 400),
        ("TLS handshake", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0", 400),
        (
            "bad chunk size",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n", 400
        ),
        (
            "huge chunk size",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400
        ),
        (
            "chunk without end",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", 400
        ),
        (
            "chunk with bare line feed",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n", 400
        ),
        ("unknown path", "GET /nope HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        ("unknown path with body", "POST /nope HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 404),
        ("wrong method", "DELETE /get-only HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("unknown method", "BREW /get-only HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("POST without length", "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", 411),
        ("large body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413),
        (
            "large chunked body",
            "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n"
                + String(repeating: "x", count: 1_025), 413
        ),
        ("body where none is taken", "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 413),
        ("long target", "GET /" + String(repeating: "x", count: 16 * 1_024) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ("endless target", "GET /" + String(repeating: "x", count: 33 * 1_024), 414),
        (
            "compressed body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
            415
        ),
        (
            "compressed body behind identity",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: identity\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
            415
        ),
        (
            "wrong type", "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
            415
        ),
        ("no type", "POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", 415),
        ("unknown expectation", "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417),
        (
            "large head",
            "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 32 * 1_024) + "\r\n\r\n", 431
        ),
        ("endless head", "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 33 * 1_024), 431),
        (
            "many headers", "GET /hello HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 100) + "\r\n",
            431
        ),
        ("HTTP/2.0", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("HTTP/1.2", "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        ("HTTP/0.9", "GET /hello\r\n\r\n", 400),
    ]

    @Test(arguments: badRequests.indices)
    func badRequestIsRefusedAsProblem(index: Int) throws {
        let bad = Self.badRequests[index]
        let server = try TestServer()
        let client = try server.connect()
        let bytes =
            bad.name == "raw UTF-8 in target" ? bad.text.unicodeScalars.map { UInt8($0.value) } : Array(bad.text.utf8)
        try client.send(bytes)
        let response = try client.readResponse(hasBody: !bad.text.hasPrefix("HEAD "))
        #expect(response.status == bad.status, "\(bad.name)")
        #expect(response["content-type"] == "application/problem+json", "\(bad.name)")
        // Whatever follows a request that could not be read must not be read as another one.
        if bad.status == 400 || response["connection"] == "close" {
            try? client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(response["connection"] == "close", "\(bad.name)")
            #expect(try client.isClosedByServer(), "\(bad.name)")
            #expect(server.onLoop { $0.answered.isEmpty }, "\(bad.name)")
        }
    }

    /// What HEAD gets must end with its head, whichever rule the request broke.
    @Test(arguments: [
        ("HEAD /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("HEAD /hello HTTP/1.1\r\n\r\n", 400),
        ("HEAD\r\nHost: a\r\n\r\n", 400), ("HEAD  /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\r\nHEAD /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        ("HEAD /hello HTTP/1.1\nHost: a\n\n", 400), ("HEAD /hello HTTP/1.1\r\nHost: a\r\nExpect: b\r\n\r\n", 417),
        ("HEAD /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 400),
        ("\r\n\r\nHEAD /" + String(repeating: "x", count: 16 * 1_024) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ("HEAD /" + String(repeating: "x", count: 33 * 1_024), 414),
        ("HEAD /hello HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 33 * 1_024), 431),
        ("HEAD /hello HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 100) + "\r\n", 431),
    ])
    func refusedHeadGetsNoBody(text: String, status: Int) throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send(text)
        let response = try client.readResponse(hasBody: false)
        #expect(response.status == status)
        #expect(response["content-type"] == "application/problem+json")
        // The length is GET's (RFC 9110 section 8.6).
        #expect(response["content-length"].flatMap { Int($0) } ?? 0 > 0)
        #expect(try client.isClosedByServer())
    }

    @Test func refusedMethodThatOnlyBeginsLikeHeadGetsItsBody() throws {
        let server = try TestServer()
        for method in ["HEADS", "head", "HEA", "HEAD:", "HEAD\u{7F}"] {
            let client = try server.connect()
            try client.send("\(method) /hello HTTP/1.1\r\n\r\n")
            #expect(try !client.readResponse().body.isEmpty)
        }
    }

    @Test func refusedHeadGetsNoBodyAtAnySplit() throws {
        let server = try TestServer()
        let text = Array(("HEAD /" + String(repeating: "x", count: 33 * 1_024)).utf8)
        for split in 1...6 {
            let client = try server.connect()
            try client.send(Array(text[..<split]))
            _ = server.onLoop { _ in true }
            try client.send(Array(text[split...]))
            let response = try client.readResponse(hasBody: false)
            #expect(response.status == 414, "split at \(split)")
            #expect(try client.isClosedByServer(), "split at \(split)")
        }
    }

    @Test func badRequestIsRefusedAtAnySplit() throws {
        let server = try TestServer()
        let text = Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx".utf8)
        for split in 1..<text.count {
            let client = try server.connect()
            try client.send(Array(text[..<split]))
            try? client.send(Array(text[split...]))
            #expect(try client.readResponse().status == 400, "split at \(split)")
        }
    }
}
