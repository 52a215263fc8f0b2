import Glibc
import MillstreamHTTP
import Testing

@Suite struct UploadTests {
    private func start(_ settings: HTTPServerSettings = HTTPServerSettings()) throws -> (TestServer, TemporaryDirectory)
    {
        var settings = settings
        settings.lingerTimeoutMs = 600_000
        let directory = try TemporaryDirectory()
        let server = try TestServer(settings)
        server.onLoop { $0.uploadDirectory = directory.path }
        return (server, directory)
    }

    private static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    private func stored(_ server: TestServer, _ directory: TemporaryDirectory) throws -> [UInt8] {
        let path = try #require(server.onLoop { $0.keptUploads.last?.path })
        return directory.contents(of: String(path.split(separator: "/").last ?? ""))
    }

    @Test(arguments: [0, 1, 65_536, 1 << 20])
    func rawBodyIsStoredAsItIs(count: Int) throws {
        let (server, directory) = try start()
        let client = try server.connect()
        let content = Self.bytes(count)
        try client.request("PUT /upload", ["Content-Length: \(count)", "Content-Type: audio/wav"])
        try client.send(content)
        let response = try client.readResponse()
        #expect(response.status == 201)
        #expect(response.text == "\(count) audio/wav -")
        #expect(try stored(server, directory) == content)
        // The connection goes on.
        try client.request("GET /hello")
        #expect(try client.readResponse().status == 200)
        #expect(server.onLoop { $0.server?.metrics.activeUploads } == 0)
    }

    @Test func halfClosedClientGetsItsAnswer() throws {
        let (server, directory) = try start()
        for _ in 0..<20 {
            let client = try server.connect()
            try client.request("PUT /upload", ["Content-Length: 70000"])
            try client.send(Self.bytes(70_000))
            client.finishSending()
            #expect(try client.readResponse().status == 201)
        }
        #expect(directory.files.count == 20)
    }

    @Test func chunkedBodyIsStoredWithoutItsFraming() throws {
        let (server, directory) = try start()
        let client = try server.connect()
        let content = Self.bytes(300_000)
        try client.request("POST /upload", ["Transfer-Encoding: chunked"])
        for start in stride(from: 0, to: content.count, by: 7_001) {
            let piece = content[start..<min(start + 7_001, content.count)]
            try client.send("\(String(piece.count, radix: 16))\r\n")
            try client.send(Array(piece) + Array("\r\n".utf8))
        }
        try client.send("0\r\n\r\n")
        #expect(try client.readResponse().status == 201)
        #expect(try stored(server, directory) == content)
    }

    @Test func multipartFileIsStoredAlone() throws {
        let (server, directory) = try start()
        let client = try server.connect()
        let content = Self.bytes(1 << 20)
        let head =
            "--b0\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--b0\r\n"
            + "Content-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".wav\"\r\nContent-Type: audio/wav\r\n\r\n"
        let body = Array(head.utf8) + content + Array("\r\n--b0--\r\n".utf8)
        try client.request(
            "POST /upload", ["Content-Type: multipart/form-data; boundary=b0", "Content-Length: \(body.count)"])
        try client.send(body)
        let response = try client.readResponse()
        #expect(response.status == 201)
        #expect(response.text == "\(content.count) audio/wav a \"b\".wav")
        #expect(try stored(server, directory) == content)
    }

    @Test func tooLargeBodyIsRefusedAndRemoved() throws {
        let (server, directory) = try start()
        let declared = try server.connect()
        try declared.request("POST /upload", ["Content-Length: \((1 << 20) + 1)"])
        #expect(try declared.readResponse().status == 413)
        let chunked = try server.connect()
        try chunked.request("POST /upload", ["Transfer-Encoding: chunked"])
        try chunked.send("100001\r\n")
        try chunked.send([UInt8](repeating: 0, count: (1 << 20) + 1))
        #expect(try chunked.readResponse().status == 413)
        #expect(server.waitUntil { _ in directory.files.isEmpty })
        #expect(server.onLoop { $0.server?.metrics.activeUploads } == 0)
    }

    @Test func badMultipartIsRefusedAndRemoved() throws {
        let (server, directory) = try start()
        let part = "Content-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n"
        for body in [
            "--b\r\n\(part)data\r\n--b\r\n\(part)data\r\n--b--\r\n", "--b\r\n\(part)data", "--b--\r\n", "data",
            "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\ndata\r\n--b--\r\n",
            "--b\r\n\r\ndata\r\n--b--\r\n",
            "--b\r\n\(part)data\r\n--bx\r\n",
        ] {
            let client = try server.connect()
            try client.request(
                "POST /upload",
                ["Content-Type: multipart/form-data; boundary=b", "Content-Length: \(body.utf8.count)"],
                body: body)
            #expect(try client.readResponse().status == 400, "\(body)")
        }
        let client = try server.connect()
        try client.request("POST /upload", ["Content-Type: multipart/form-data", "Content-Length: 1"], body: "x")
        #expect(try client.readResponse().status == 400)
        #expect(server.waitUntil { _ in directory.files.isEmpty })
    }

    @Test func abandonedUploadIsRemoved() throws {
        let (server, directory) = try start()
        for how in [false, true] {
            let client = try server.connect()
            try client.request("POST /upload", ["Content-Length: 1000000"])
            try client.send(Self.bytes(500_000))
            #expect(server.waitUntil { _ in !directory.files.isEmpty })
            if how { client.reset() } else { client.close() }
            #expect(server.waitUntil { _ in directory.files.isEmpty })
        }
        #expect(server.waitUntil { $0.server?.metrics.activeUploads == 0 })
    }

    @Test func storeThatFailsReachesTheApplication() throws {
        let (server, _) = try start()
        server.onLoop { $0.uploadDirectory = "/nonexistent" }
        let client = try server.connect()
        try client.request("POST /upload", ["Content-Length: 1000000"])
        try client.send(Self.bytes(200_000))
        let response = try client.readResponse()
        #expect(response.status == 507)
        #expect(response.text == "errno \(ENOENT)")
        #expect(response["connection"] == "close")
    }

    /// Its body was whole: the connection goes on with what is behind it.
    @Test func whatIsPipelinedBehindAnUploadThatFailsAtItsEndIsAnswered() throws {
        let server = try TestServer()
        server.onLoop { $0.uploadDirectory = "/nonexistent" }
        let upload = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\ndata"
        let next = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        let client = try server.connect()
        try client.send(upload + next + upload + next)
        for _ in 0..<2 {
            #expect(try client.readResponse().status == 507)
            #expect(try client.readResponse().text == "hello\n")
        }
    }

    /// A file size limit stands for a full disk, in a process of its own because the limit is the process's.
    @Test func writeThatFailsReachesTheApplicationAndRemovesTheFile() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            limit.rlim_cur = 100_000
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let directory = try TemporaryDirectory()
            let server = try TestServer()
            let path = directory.path
            server.onLoop { $0.uploadDirectory = path }
            let client = try server.connect()
            try client.request("POST /upload", ["Content-Length: 1000000"])
            try client.send([UInt8](repeating: 1, count: 300_000))
            let response = try client.readResponse()
            precondition(response.status == 507 && response.text == "errno \(EFBIG)")
            precondition(server.waitUntil { _ in directory.files.isEmpty })
        }
    }

    @Test func uploadsAtATimeAreBounded() throws {
        var settings = HTTPServerSettings()
        settings.maxUploads = 1
        let (server, directory) = try start(settings)
        let first = try server.connect()
        try first.request("POST /upload", ["Content-Length: 2"], body: "x")
        #expect(server.waitUntil { $0.server?.metrics.activeUploads == 1 })
        let second = try server.connect()
        try second.request("POST /upload", ["Content-Length: 2"])
        let refused = try second.readResponse()
        #expect(refused.status == 503)
        try first.send("y")
        #expect(try first.readResponse().status == 201)
        #expect(directory.files.count == 1)
    }

    @Test func uploadThatNobodyTakesIsRemoved() throws {
        let (server, directory) = try start()
        server.onLoop { $0.ignoresUploads = true }
        let client = try server.connect()
        try client.request("POST /upload", ["Content-Length: 1"], body: "x")
        #expect(try client.readResponse().status == 202)
        #expect(server.waitUntil { _ in directory.files.isEmpty })
    }
}
