import Glibc
import MillstreamHTTP
import MillstreamTestSupport
import Testing

@Suite struct FuzzTests {
    private static let fragments = [
        "GET ", "POST ", "HEAD ", "/hello", "/echo", "/stream", "/park", "/upload", "/json", " HTTP/1.1\r\n",
        " HTTP/1.0\r\n",
        "Host: a\r\n", "Content-Length: 3\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n",
        "Expect: 100-continue\r\n", "Connection: close\r\n", "Content-Type: multipart/form-data; boundary=b\r\n",
        "\r\n", "\n",
        "\0", "3\r\nabc\r\n", "0\r\n\r\n", "abc", "--b\r\n", "--b--", " ", ":", "\r", "\u{ff}",
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    ]

    /// Whatever is sent, the server lives, answers in no HTML, and has no connection left at the end.
    @Test func randomInputNeverHurtsTheServer() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("fuzz seed \(seed)")
        var random = SeededRandom(seed: seed)
        var settings = HTTPServerSettings()
        settings.headTimeoutMs = 200
        settings.bodyTimeoutMs = 200
        settings.uploadTimeoutMs = 200
        settings.idleTimeoutMs = 200
        settings.lingerTimeoutMs = 200
        let directory = try TemporaryDirectory()
        let server = try TestServer(settings)
        server.onLoop { $0.uploadDirectory = directory.path }
        for _ in 0..<400 {
            // A request that was parked behind a parked one is answered by nobody.
            let client = try Client(to: server.address, deadlineSeconds: 5)
            for _ in 0..<Int.random(in: 1..<8, using: &random) {
                try? client.send(input(&random))
                if Bool.random(using: &random) { _ = server.onLoop { _ in true } }
            }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: client.reset()
            case 1: client.close()
            case 2:
                client.finishSending()
                server.onLoop { application in
                    for id in application.parked { application.reply(id, "parked") }
                    for id in application.streams { application.server?.streams.finish(id) }
                }
                if let text = try? client.readToEnd() { #expect(!text.lowercased().contains("<html")) }
            default: break
            }
        }
        server.onLoop { application in
            for id in application.parked { application.reply(id, "parked") }
            for id in application.streams { application.server?.streams.abort(id) }
        }
        let client = try server.ask("GET /hello")
        #expect(try client.readResponse().status == 200)
        client.close()
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 0 && $0.server?.streams.count == 0 })
        #expect(server.onLoop { $0.server?.metrics.bufferedBodyBytes } == 0)
        #expect(server.onLoop { $0.server?.metrics.activeUploads } == 0)
        #expect(server.onLoop { $0.server?.streams.stats.blocked } == 0)
    }

    private func input(_ random: inout SeededRandom) -> [UInt8] {
        if Int.random(in: 0..<6, using: &random) == 0 {
            return (0..<Int.random(in: 0..<300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        return (0..<Int.random(in: 1..<8, using: &random)).flatMap { _ in
            Array(Self.fragments.randomElement(using: &random)!.utf8)
        }
    }
}
