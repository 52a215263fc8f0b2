// Requests that must be refused before they run. Each is sent as raw bytes; each gets its status as a problem, and a request
// whose end cannot be known closes the connection.

import Foundation
import MillstreamTestSupport
import Testing

@Suite struct BadRequestTests {
    struct BadRequest: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var status: Int
        /// Whether the connection must be closed, since its bytes cannot be trusted any more.
        var closes: Bool

        init(_ name: String, _ text: String, _ status: Int, closes: Bool = true) {
            self.name = name
            bytes = Array(text.utf8)
            self.status = status
            self.closes = closes
        }

        var testDescription: String { name }
    }

    private static let post = "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    private static let get = "GET /livez HTTP/1.1\r\nHost: x\r\n"
    private static func long(_ count: Int) -> String { String(repeating: "a", count: count) }

    static let table: [BadRequest] = [
        // RFC 9112 section 6.3 and the smuggling that lives there.
        BadRequest("two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        BadRequest("the same length twice", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
        BadRequest("a list as length", post + "Content-Length: 2, 2\r\n\r\n{}", 400),
        BadRequest("length with a sign", post + "Content-Length: +2\r\n\r\n{}", 400),
        BadRequest("negative length", post + "Content-Length: -1\r\n\r\n{}", 400),
        BadRequest("hexadecimal length", post + "Content-Length: 0x2\r\n\r\n{}", 400),
        BadRequest("no digits as length", post + "Content-Length: \r\n\r\n{}", 400),
        BadRequest("a length beyond all integers", post + "Content-Length: 99999999999999999999999\r\n\r\n{}", 400),
        BadRequest(
            "length and chunked", post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        BadRequest("chunked not last", post + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
        BadRequest("chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
        BadRequest(
            "two transfer encodings",
            post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        BadRequest("unknown transfer encoding", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
        BadRequest("vertical tab before chunked", post + "Transfer-Encoding: \u{B}chunked\r\n\r\n0\r\n\r\n", 400),
        BadRequest("chunk size with a sign", post + "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n", 400),
        BadRequest("chunk size of no digits", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n", 400),
        BadRequest(
            "chunk size beyond all integers",
            post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400),
        BadRequest("chunk without its end", post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n", 400),
        BadRequest("chunked in HTTP/1.0", "POST /v1/jobs HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        // Names and lines.
        BadRequest("space before the colon", "GET /livez HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        BadRequest("folded field", get + "X-A: 1\r\n 2\r\n\r\n", 400),
        BadRequest("a line without a colon", get + "nonsense\r\n\r\n", 400),
        BadRequest("empty field name", get + ": 1\r\n\r\n", 400),
        BadRequest("space in a field name", get + "X A: 1\r\n\r\n", 400),
        BadRequest("NUL in a value", get + "X-A: a\0b\r\n\r\n", 400),
        BadRequest("NUL in a name", get + "X\0A: b\r\n\r\n", 400),
        BadRequest("NUL in the target", "GET /li\0vez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        BadRequest("control character in a value", get + "X-A: a\u{1}b\r\n\r\n", 400),
        BadRequest("bare CR in a value", get + "X-A: a\rb\r\n\r\n", 400),
        BadRequest("bare LF at line ends", "GET /livez HTTP/1.1\nHost: x\n\n", 400),
        BadRequest("one bare LF", "GET /livez HTTP/1.1\r\nHost: x\nX-A: 1\r\n\r\n", 400),
        BadRequest("no Host", "GET /livez HTTP/1.1\r\n\r\n", 400),
        BadRequest("two Hosts", get + "Host: x\r\n\r\n", 400),
        BadRequest("a Host that is none", "GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        BadRequest("a Host with a path", "GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        BadRequest("a Host with a user", "GET /livez HTTP/1.1\r\nHost: u@x\r\n\r\n", 400),
        // The request line.
        BadRequest("no version", "GET /livez\r\nHost: x\r\n\r\n", 400),
        BadRequest("a version that is none", "GET /livez HTTP/one\r\nHost: x\r\n\r\n", 400),
        BadRequest("another protocol", "GET /livez RTSP/1.0\r\nHost: x\r\n\r\n", 400),
        BadRequest("HTTP/2.0", "GET /livez HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        BadRequest("HTTP/0.9", "GET /livez HTTP/0.9\r\nHost: x\r\n\r\n", 505),
        BadRequest("two spaces", "GET  /livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        BadRequest("space in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        BadRequest("no slash", "GET livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        BadRequest("no method", " /livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        BadRequest("a method that is no token", "G(T /livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        BadRequest("CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 501, closes: false),
        // Sizes.
        BadRequest("a long target", "GET /\(long(20_000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        BadRequest("a long head", get + "X-A: \(long(40_000))\r\n\r\n", 431),
        BadRequest(
            "many fields", get + (0..<200).map { "X-\($0): 1\r\n" }.joined() + "\r\n", 431),
        BadRequest("a head without an end", get + (0..<3000).map { "X-\($0): \(long(20))\r\n" }.joined(), 431),
        BadRequest("a large body", post + "Content-Length: 1048577\r\n\r\n", 413),
        BadRequest(
            "a large chunked body",
            post + "Transfer-Encoding: chunked\r\n\r\n100001\r\n\(long(0x100001))\r\n0\r\n\r\n", 413),
        // Bodies.
        BadRequest("a POST without a length", post + "\r\n", 411),
        BadRequest("a body on GET", get + "Content-Length: 2\r\n\r\n{}", 400),
        BadRequest("a compressed body", post + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415),
        BadRequest("gzip as transfer encoding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        BadRequest("an expectation that nobody knows", post + "Expect: wonders\r\nContent-Length: 2\r\n\r\n", 417),
        BadRequest(
            "no type", "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 415, closes: false),
        BadRequest(
            "another type",
            "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415,
            closes: false),
        // Routes.
        BadRequest("no route", "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404, closes: false),
        BadRequest("a path that climbs", "GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404, closes: false),
        BadRequest("a broken escape", "GET /v1/jobs/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 404, closes: false),
        BadRequest("an escaped NUL", "GET /v1/jobs/a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 404, closes: false),
        BadRequest("DELETE", "DELETE /v1/jobs/x HTTP/1.1\r\nHost: x\r\n\r\n", 405, closes: false),
        BadRequest("an unknown method", "BREW /livez HTTP/1.1\r\nHost: x\r\n\r\n", 405, closes: false),
        BadRequest(
            "neither stream nor JSON", "GET /v1/jobs/x/events HTTP/1.1\r\nHost: x\r\nAccept: image/png\r\n\r\n", 406,
            closes: false),
    ]

    /// Behind each bad request stands a good one; it must not run when the first one closes. For a body that was never sent the
    /// server's own end is awaited, so the sending side stays open.
    @Test func eachGetsItsStatusAsAProblem() throws {
        let server = try ServerProcess()
        for bad in Self.table {
            let connection = try TestConnection(port: server.port)
            // The peer may close before everything was sent: that is an answer, too.
            try? connection.send(bad.bytes)
            let response = try connection.response()
            #expect(response.status == bad.status, "\(bad.name): \(response.text)")
            #expect(response.problem != nil, "\(bad.name): \(response.headers) \(response.text)")
            #expect(
                (response.headers["connection"]?.lowercased() == "close") == bad.closes || !bad.closes, "\(bad.name)")
            if bad.closes {
                #expect(try connection.receiveAll().isEmpty, "\(bad.name): nothing behind it may be answered")
            }
        }
        #expect(try server.client.get("/livez").status == 200)
    }

    @Test func whatIsSmuggledBehindABadRequestNeverRuns() throws {
        let server = try ServerProcess()
        let inner = "{\"kind\":\"demo.steps\",\"id\":\"smuggled\"}"
        let smuggled =
            "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(inner.utf8.count)\r\n\r\n"
            + inner
        for bad in Self.table where bad.closes && bad.status == 400 {
            let connection = try TestConnection(port: server.port)
            try? connection.send(bad.bytes + Array(smuggled.utf8))
            _ = try connection.receiveAll()
        }
        #expect(try server.client.get("/v1/jobs/smuggled").status == 404)
    }

    @Test(arguments: [101, 102, 103]) func randomBytesDoNoHarm(seed: Int) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: UInt64(seed))
        let server = try ServerProcess()
        let pieces = Self.table.map(\.bytes).filter { $0.count < 2000 }
        for _ in 0..<150 {
            var bytes: [UInt8]
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                bytes = (0..<Int.random(in: 1...3000, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            case 1:
                bytes = pieces.randomElement(using: &random) ?? []
                for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            default:
                let one = pieces.randomElement(using: &random) ?? []
                let other = pieces.randomElement(using: &random) ?? []
                bytes =
                    one.prefix(Int.random(in: 0...one.count, using: &random))
                    + other.suffix(Int.random(in: 0...other.count, using: &random))
            }
            let connection = try TestConnection(port: server.port)
            try? connection.send(bytes)
            connection.finishSending()
            if Bool.random(using: &random) { _ = try? connection.receiveAll() }
        }
        #expect(server.isRunning)
        #expect(try server.client.get("/livez").status == 200)
        #expect(try eventually { try server.client.get("/readyz").status == 200 })
    }
}
