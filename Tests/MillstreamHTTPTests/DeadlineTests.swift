import Glibc
import MillstreamHTTP
import MillstreamLoop
import Testing

@Suite struct DeadlineTests {
    private func settings(_ change: (inout HTTPServerSettings) -> Void) -> HTTPServerSettings {
        var settings = HTTPServerSettings()
        change(&settings)
        return settings
    }

    /// Sends one byte every few milliseconds until the server has had enough; milliseconds until then, nil when it took all.
    private func drip(_ client: Client, _ text: String) throws -> Int? {
        let started = MonotonicTime.current()
        for byte in text.utf8 {
            do { try client.send([byte]) } catch { return MonotonicTime.current().milliseconds(since: started) }
            usleep(10_000)
            if try !client.isSilent() { return MonotonicTime.current().milliseconds(since: started) }
        }
        return nil
    }

    @Test func slowHeadIsCutOffHoweverItDrips() throws {
        let server = try TestServer(settings { $0.headTimeoutMs = 200 })
        let client = try server.connect()
        let ms = try #require(
            try drip(client, "GET /hello HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X-A: b\r\n", count: 100)))
        #expect(ms >= 150, "not before its time")
        #expect(try client.readResponse().status == 408)
        #expect(try client.isClosedByServer())
    }

    @Test func emptyLinesAreCutOffHoweverTheyDrip() throws {
        let server = try TestServer(settings { $0.headTimeoutMs = 200 })
        let client = try server.connect()
        let ms = try #require(try drip(client, String(repeating: "\r\n", count: 400)))
        #expect(ms >= 150, "not before its time")
        #expect(try client.readResponse().status == 408)
        #expect(try client.isClosedByServer())
    }

    @Test func anEmptyLineBehindARequestLeavesTheConnectionIdle() throws {
        let server = try TestServer(
            settings {
                $0.headTimeoutMs = 50
                $0.idleTimeoutMs = 200
            })
        let client = try server.ask("POST /echo", ["Content-Length: 3"], body: "abc\r\n")
        #expect(try client.readResponse().text == "abc")
        // No 408 for a request that nobody began.
        #expect(try client.isClosedByServer())
        #expect(server.onLoop { $0.server?.metrics.idleCloses } == 1)
    }

    @Test func slowHeadOfHEADIsCutOffWithoutABody() throws {
        let server = try TestServer(settings { $0.headTimeoutMs = 100 })
        let client = try server.connect()
        try client.send("HEAD /hello HTTP/1.1\r\n")
        #expect(try client.readResponse(hasBody: false).status == 408)
        #expect(try client.isClosedByServer())
    }

    /// Who may be about to ask by HEAD gets nothing behind the refusal's head, and no length that promises it.
    @Test(arguments: [
        ("H", true), ("HE", true), ("HEAD", true), ("\r\n\r\n", true), ("\r\nHEA", true), ("G", false), ("HEL", false),
        ("HEADS", false), ("\r\nGET", false),
    ]) func slowHeadWhoseMethodIsNotKnownIsCutOffWithoutABody(text: String, isBare: Bool) throws {
        let server = try TestServer(settings { $0.headTimeoutMs = 50 })
        let client = try server.connect()
        try client.send(text)
        let response = try client.readResponse(hasBody: !isBare)
        #expect(response.status == 408)
        #expect((response["content-length"] == nil) == isBare)
        #expect(response.body.isEmpty == isBare)
        #expect(try client.isClosedByServer())
    }

    @Test func slowBodyIsCutOffHoweverItDrips() throws {
        let server = try TestServer(settings { $0.bodyTimeoutMs = 200 })
        let client = try server.connect()
        try client.request("POST /echo", ["Content-Length: 1000"])
        let ms = try #require(try drip(client, String(repeating: "x", count: 500)))
        #expect(ms >= 150, "not before its time")
        #expect(try client.readResponse().status == 408)
        #expect(try client.isClosedByServer())
    }

    @Test func slowUploadIsCutOffAndItsFileRemoved() throws {
        let server = try TestServer(settings { $0.uploadTimeoutMs = 100 })
        let directory = try TemporaryDirectory()
        server.onLoop { $0.uploadDirectory = directory.path }
        let client = try server.connect()
        try client.request("PUT /upload", ["Content-Length: 200000"], body: String(repeating: "x", count: 100_000))
        #expect(try client.readResponse().status == 408)
        #expect(server.waitUntil { _ in directory.files.isEmpty })
    }

    @Test func stalledUploadIsCutOff() throws {
        let server = try TestServer(settings { $0.uploadStallTimeoutMs = 100 })
        let directory = try TemporaryDirectory()
        server.onLoop { $0.uploadDirectory = directory.path }
        let client = try server.connect()
        try client.request("PUT /upload", ["Content-Length: 200000"], body: "x")
        #expect(try client.readResponse().status == 408)
    }

    @Test func idleConnectionIsClosedSilently() throws {
        let server = try TestServer(settings { $0.idleTimeoutMs = 100 })
        let fresh = try server.connect()
        #expect(try fresh.isClosedByServer())
        let used = try server.ask("GET /hello")
        #expect(try used.readResponse().status == 200)
        #expect(try used.isClosedByServer())
        #expect(server.onLoop { $0.server?.metrics.idleCloses } == 2)
    }

    @Test func parkedRequestHasNoDeadlineOfTheConnection() throws {
        let server = try TestServer(
            settings {
                $0.idleTimeoutMs = 50
                $0.headTimeoutMs = 50
                $0.bodyTimeoutMs = 50
            })
        let client = try server.ask("GET /park")
        #expect(server.waitUntil { $0.parked.count == 1 })
        // Another connection's deadline passes meanwhile.
        for _ in 0..<2 {
            let idle = try server.connect()
            #expect(try idle.isClosedByServer())
        }
        server.onLoop { $0.reply($0.parked[0], "done") }
        #expect(try client.readResponse().text == "done")
    }

    @Test func replyThatNobodyReadsIsGivenUp() throws {
        let server = try TestServer(settings { $0.stallTimeoutMs = 200 })
        let client = try Client(to: server.address, receiveBufferBytes: 4_096)
        try client.request("GET /big")
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 0 && $0.answered == ["/big"] })
        withExtendedLifetime(client) {}
    }

    @Test func slowButSteadyReaderGetsTheWholeReply() throws {
        let server = try TestServer(settings { $0.stallTimeoutMs = 3_000 })
        let client = try Client(to: server.address, receiveBufferBytes: 64 * 1_024)
        try client.request("GET /big")
        _ = try client.read(through: "\r\n\r\n")
        var left = 8 << 20
        while left > 0 {
            let count = min(left, 256 * 1_024)
            _ = try client.read(count: count)
            left -= count
            // All of it takes longer than the server waits, each part much less.
            usleep(150_000)
        }
    }

    @Test func peerThatDoesNotCloseIsClosed() throws {
        let server = try TestServer(settings { $0.lingerTimeoutMs = 100 })
        let client = try server.connect()
        try client.request("GET /hello", ["Connection: close"])
        #expect(try client.readResponse().status == 200)
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 0 })
    }

    @Test func refusalIsReadableWhileTheBodyIsStillSent() throws {
        let server = try TestServer(settings { $0.lingerTimeoutMs = 600_000 })
        let client = try server.connect()
        try client.request("POST /echo", ["Content-Length: 4000000"])
        for _ in 0..<400 { try client.send([UInt8](repeating: 120, count: 10_000)) }
        #expect(try client.readResponse().status == 413)
    }
}

extension Client {
    /// True while there is nothing to read.
    func isSilent() throws -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        return count < 0 && errno == EAGAIN
    }
}

/// A directory of the test's own, removed with what is in it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/millstream-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ClientError("mkdtemp") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        for file in files { unlink("\(path)/\(file)") }
        rmdir(path)
    }

    var files: [String] { Self.entries(of: path) }

    static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(cString: $0.baseAddress!.assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    func contents(of file: String) -> [UInt8] {
        let descriptor = open("\(path)/\(file)", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1_024)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }
}
