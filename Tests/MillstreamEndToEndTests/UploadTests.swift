// Files as input of jobs.

import Foundation
import MillstreamTestSupport
import Testing

@Suite struct UploadTests {
    private static let script = """
        #!/bin/sh
        read -r start
        path=$(printf '%s' "$start" | sed 's/.*"upload_path":"\\([^"]*\\)".*/\\1/')
        printf '{"event":"result","data":{"path":"%s","sum":"%s"}}\\n' "$path" "$(sha256sum <"$path" | cut -c1-64)"

        """

    private func server(_ more: String = "") throws -> ServerProcess {
        try ServerProcess(
            [], configuration: more + "kinds:\n  sum:\n    worker: { exec: [\"./sum.sh\"] }\n",
            files: ["sum.sh": Self.script])
    }

    /// The same bytes in each run.
    private static let bytes: [UInt8] = {
        var random = SeededRandom(seed: 99)
        return (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()

    private func sum(_ bytes: [UInt8]) throws -> String {
        let directory = try TemporaryDirectory()
        let file = directory.file("bytes")
        try Data(bytes).write(to: file)
        return String(try FinishedProgram.run("sha256sum", [file.path]).output.prefix(64))
    }

    /// Runs the job on that upload and compares what its program read.
    private func check(_ upload: TestResponse, _ server: ServerProcess, is bytes: [UInt8]) throws {
        #expect(upload.status == 201, "\(upload.text)")
        #expect(Set(upload.object.keys).isSuperset(of: ["id", "name", "content_type", "size"]))
        #expect(upload["size"] as? Int == bytes.count)
        let id = try #require(upload.string("id"))
        let job = try server.client.start("sum", input: "{\"upload\":\"\(id)\",\"other\":1}")
        let end = try #require(try server.client.events(job).rest().last)
        let result = try #require(end.object["result"] as? [String: Any])
        #expect(result["sum"] as? String == (try sum(bytes)))
        let path = try #require(result["path"] as? String)
        #expect(URL(fileURLWithPath: path).standardized.path.hasPrefix(server.data.standardized.path + "/"))
        #expect(!(try server.client.get("/v1/jobs/\(job)").text.contains("upload_path")), "a path never comes out")
    }

    @Test func aRawBodyIsAFile() throws {
        let server = try server()
        let upload = try server.client.post("/v1/uploads", Self.bytes, ["Content-Type": "audio/x-wav"])
        #expect(upload.string("content_type") == "audio/x-wav")
        try check(upload, server, is: Self.bytes)
        try check(try server.client.post("/v1/uploads", [], ["Content-Type": "text/plain"]), server, is: [])
    }

    @Test func theFilesPathHoldsWhereTheProgramRuns() throws {
        // A program runs beside the configuration; a relative data directory lies where the server was started.
        let (home, elsewhere) = (try TemporaryDirectory(), try TemporaryDirectory())
        try elsewhere.write("sum.sh", Self.script)
        let configuration = try elsewhere.write(
            "millstream.yaml", "kinds:\n  sum:\n    worker: { exec: [\"./sum.sh\"] }\n")
        let server = try ChildProcess(
            "bash",
            [
                "-c", "cd \"$0\" && exec \"$@\"", home.file("").path, ServerProcess.binary.path, "serve", "--port", "0",
                "--data", "./data", "--config", configuration.path,
            ], output: .pipe, errors: home.file("errors"))
        let line = try #require(try server.readLine())
        let client = TestClient(port: try #require(line.split(separator: ":").last.flatMap { UInt16($0) }))
        let upload = try client.post("/v1/uploads", Self.bytes, ["Content-Type": "audio/x-wav"])
        let job = try client.start("sum", input: "{\"upload\":\"\(try #require(upload.string("id")))\"}")
        let end = try #require(try client.events(job).rest().last)
        let result = try #require(end.object["result"] as? [String: Any])
        #expect(result["sum"] as? String == (try sum(Self.bytes)))
        #expect((result["path"] as? String)?.hasPrefix("/") == true)
    }

    @Test func aChunkedBodyIsAFileToo() throws {
        let server = try server()
        let connection = try TestConnection(port: server.port)
        try connection.send(
            "POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: audio/x-wav\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in stride(from: 0, to: Self.bytes.count, by: 7001) {
            let chunk = Self.bytes[start..<min(start + 7001, Self.bytes.count)]
            try connection.send(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [0x0D, 0x0A])
        }
        try connection.send("0\r\n\r\n")
        try check(try connection.response(), server, is: Self.bytes)
    }

    @Test(arguments: ["voice.wav", "../../../etc/cron.d/x", "a\\\"b.wav", ""])
    func aFormWithOneFileIsAFile(name: String) throws {
        let server = try server()
        let boundary = "--x-\(name.count)"
        let head =
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n"
            + "Content-Type: audio/x-wav\r\n\r\n"
        let body = Array(head.utf8) + Self.bytes + Array("\r\n--\(boundary)--\r\n".utf8)
        let upload = try server.client.post(
            "/v1/uploads", body, ["Content-Type": "multipart/form-data; boundary=\"\(boundary)\""])
        if name.isEmpty, upload.status == 400 { return }
        #expect(upload.string("content_type") == "audio/x-wav")
        #expect(upload.string("name")?.contains("/") == false)
        try check(upload, server, is: Self.bytes)
    }

    @Test func curlUploadsInBothForms() throws {
        guard let curl = Requirement.program("curl") else { return }
        let server = try server()
        let directory = try TemporaryDirectory()
        let file = directory.file("voice.wav")
        try Data(Self.bytes).write(to: file)
        let url = "http://127.0.0.1:\(server.port)/v1/uploads"
        let forms = [
            ["-F", "file=@\(file.path);type=audio/x-wav"],
            ["-T", file.path, "-X", "POST", "-H", "Content-Type: audio/x-wav"],
        ]
        for form in forms {
            // A large body asks with Expect: 100-continue first.
            let answer = try FinishedProgram.run(curl, ["-sS", "-H", "Expect: 100-continue"] + form + [url]).output
            let upload = TestResponse(status: 201, headers: [:], body: Array(answer.utf8))
            try check(upload, server, is: Self.bytes)
        }
    }

    @Test func aBodyOverTheLimitIsRefusedAndLeavesNothing() throws {
        let server = try server("uploads:\n  max_bytes: 64KiB\n")
        let at = try server.client.post("/v1/uploads", Array(Self.bytes[..<65_536]), ["Content-Type": "a/b"])
        #expect(at.status == 201)
        let past = try server.client.post("/v1/uploads", Array(Self.bytes[..<65_537]), ["Content-Type": "a/b"])
        #expect(past.status == 413)
        #expect(past.problem == "content-too-large")
        let chunked = try TestConnection(port: server.port)
        try chunked.send(
            "POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n")
        try chunked.send(Array("10001\r\n".utf8) + Self.bytes[..<65_537] + Array("\r\n0\r\n\r\n".utf8))
        #expect(try chunked.response().problem == "content-too-large")
        let kept = try FileManager.default.subpathsOfDirectory(atPath: server.data.path).filter { path in
            let size = try FileManager.default.attributesOfItem(atPath: server.data.appendingPathComponent(path).path)
            return path.contains("upload") && (size[.type] as? FileAttributeType) == .typeRegular
                && (size[.size] as? Int ?? 0) >= 65_536
        }
        #expect(kept.count == 1, "\(kept)")
    }

    @Test func aConnectionThatBreaksInTheMiddleLeavesNothing() throws {
        let server = try server()
        let connection = try TestConnection(port: server.port)
        try connection.send(
            "POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Length: 300000\r\n\r\n")
        try connection.send(Array(Self.bytes[..<100_000]))
        connection.finishSending()
        _ = try? connection.receiveAll()
        let isClean = try eventually {
            let directory = server.data.appendingPathComponent("uploads").path
            return (try FileManager.default.contentsOfDirectory(atPath: directory)).isEmpty
        }
        #expect(isClean)
        try check(try server.client.post("/v1/uploads", Self.bytes, ["Content-Type": "a/b"]), server, is: Self.bytes)
    }

    @Test func aFormWithoutOneFileIsRefused() throws {
        let server = try server()
        let part = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nabc\r\n"
        let bodies = ["", "--b--\r\n", part, part + part + "--b--\r\n", "nonsense"]
        for body in bodies {
            let answer = try server.client.post(
                "/v1/uploads", json: body, ["Content-Type": "multipart/form-data; boundary=b"])
            #expect(answer.status == 400, "\(body): \(answer.text)")
            #expect(answer.problem != nil)
        }
        let bare = try server.client.post("/v1/uploads", json: part, ["Content-Type": "multipart/form-data"])
        #expect(bare.status == 400)
    }

    @Test func anUploadIsThereAfterKill9() throws {
        let server = try server()
        let upload = try server.client.post("/v1/uploads", Self.bytes, ["Content-Type": "a/b"])
        server.kill9()
        try server.start()
        try check(upload, server, is: Self.bytes)
    }
}
