// The bounds of uploads: of one, of all on the disk together, of how many at a time and of how long. Bytes that are on their way
// count as soon as they are announced, so that several uploads cannot take together what each could take alone.

import Foundation
import Testing

@Suite struct UploadBoundTests {
    private func server(_ settings: String) throws -> ServerProcess {
        try ServerProcess(configuration: "uploads:\n" + settings)
    }

    private func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }

    private func upload(_ count: Int, to server: ServerProcess) throws -> TestResponse {
        try server.client.post("/v1/uploads", bytes(count), ["Content-Type": "a/b"])
    }

    /// An upload of which only the first bytes came.
    private func begin(_ header: String, _ body: [UInt8], on server: ServerProcess) throws -> TestConnection {
        let connection = try TestConnection(port: server.port)
        try connection.send("POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\n\(header)\r\n\r\n")
        try connection.send(body)
        return connection
    }

    private func chunk(_ count: Int) -> [UInt8] {
        Array("\(String(count, radix: 16))\r\n".utf8) + bytes(count) + [0x0D, 0x0A]
    }

    private func incoming(_ server: ServerProcess) throws -> Int {
        try server.client.metric("millstream_upload_bytes_incoming")
    }

    /// Bytes of all files in the directory, whole or not.
    private func onDisk(_ server: ServerProcess) throws -> Int {
        let directory = server.data.appendingPathComponent("uploads")
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).reduce(0) { sum, name in
            let file = directory.appendingPathComponent(name).path
            return sum + ((try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? 0)
        }
    }

    @Test func oneFile() throws {
        let server = try server("  max_bytes: 64KiB\n")
        #expect(try upload(65_536, to: server).status == 201)
        #expect(try server.client.hits("uploads.max_bytes") == 0)
        #expect(try upload(65_537, to: server).problem == "content-too-large")
        #expect(try server.client.hits("uploads.max_bytes") == 1)
        let chunked = try begin("Transfer-Encoding: chunked", chunk(65_537), on: server)
        #expect(try chunked.response().problem == "content-too-large")
        #expect(try server.client.hits("uploads.max_bytes") == 2)
        #expect(try upload(1, to: server).status == 201)
        #expect(try incoming(server) == 0)
    }

    @Test func allFilesOneAfterTheOther() throws {
        let server = try server("  max_bytes: 64KiB\n  max_total_bytes: 128KiB\n")
        for _ in 0..<2 { #expect(try upload(65_536, to: server).status == 201) }
        #expect(try server.client.hits("uploads.max_total_bytes") == 0)
        #expect(try upload(1, to: server).problem == "insufficient-storage")
        #expect(try server.client.hits("uploads.max_total_bytes") == 1)
        #expect(try onDisk(server) == 131_072)
        #expect(try upload(0, to: server).status == 201, "nothing more is nothing too much")
        #expect(try server.client.metric("millstream_upload_bytes") == 131_072)
        #expect(try incoming(server) == 0)
    }

    @Test func declaredLengthsCountFromTheHeadOn() throws {
        let server = try server("  max_bytes: 64KiB\n  max_total_bytes: 128KiB\n")
        let first = try begin("Content-Length: 65536", bytes(10), on: server)
        let second = try begin("Content-Length: 65536", bytes(10), on: server)
        #expect(try eventually { try incoming(server) == 131_072 })
        let refused = try begin("Content-Length: 1", [], on: server)
        #expect(try refused.response().problem == "insufficient-storage", "before its body comes")
        #expect(try server.client.hits("uploads.max_total_bytes") == 1)
        // Who breaks off gives its room back.
        first.finishSending()
        _ = try? first.receiveAll()
        #expect(try eventually { try incoming(server) == 65_536 })
        #expect(try upload(65_536, to: server).status == 201)
        try second.send(bytes(65_526))
        #expect(try second.response().status == 201)
        #expect(try upload(1, to: server).problem == "insufficient-storage")
        #expect(try onDisk(server) == 131_072)
        #expect(try incoming(server) == 0)
    }

    @Test func chunkedBodiesAndFormsCountAsTheyCome() throws {
        let server = try server("  max_bytes: 64KiB\n  max_total_bytes: 64KiB\n")
        let first = try begin("Transfer-Encoding: chunked", chunk(40_000), on: server)
        #expect(try eventually { try incoming(server) == 40_000 })
        let second = try begin("Transfer-Encoding: chunked", chunk(25_536), on: server)
        #expect(try eventually { try incoming(server) == 65_536 })
        try second.send(chunk(1))
        #expect(try second.response().problem == "insufficient-storage")
        #expect(try incoming(server) == 40_000)
        let form = { (count: Int) throws in
            let body =
                Array("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n".utf8)
                + self.bytes(count) + Array("\r\n--b--\r\n".utf8)
            return try server.client.post(
                "/v1/uploads", body, ["Content-Type": "multipart/form-data; boundary=b"])
        }
        #expect(try form(25_537).problem == "insufficient-storage")
        #expect(try form(25_536).status == 201, "its delimiters take no room")
        try first.send(Array("0\r\n\r\n".utf8))
        #expect(try first.response().status == 201)
        #expect(try eventually { try onDisk(server) == 65_536 })
        #expect(try incoming(server) == 0)
        #expect(try server.client.hits("uploads.max_total_bytes") == 2)
    }

    @Test func howManyAtATime() throws {
        let server = try server("  max_concurrent: 2\n")
        let two = try (0..<2).map { _ in try begin("Content-Length: 100", bytes(10), on: server) }
        #expect(try eventually { try server.client.metric("millstream_uploads_incoming") == 2 })
        let refused = try upload(10, to: server)
        #expect(refused.status == 503 && refused.problem != nil)
        #expect(refused.headers["retry-after"] != nil)
        #expect(try server.client.hits("uploads.max_concurrent") == 1)
        for connection in two {
            try connection.send(bytes(90))
            #expect(try connection.response().status == 201)
        }
        #expect(try upload(10, to: server).status == 201)
    }

    @Test func howLongOneMayPause() throws {
        let server = try server("  stall_timeout: 1s\n")
        let stalled = try begin("Content-Length: 100", bytes(10), on: server)
        #expect(try stalled.response().problem == "request-timeout")
        #expect(try server.client.hits("uploads.stall_timeout") == 1)
        #expect(try server.client.hits("uploads.timeout") == 0)
        #expect(try upload(10, to: server).status == 201)
        #expect(try incoming(server) == 0)
    }

    @Test func howLongOneMayTake() throws {
        let server = try server("  timeout: 1s\n")
        let slow = try begin("Content-Length: 100", bytes(10), on: server)
        #expect(try slow.response().problem == "request-timeout")
        #expect(try server.client.hits("uploads.timeout") == 1)
        #expect(try server.client.hits("uploads.stall_timeout") == 0)
        #expect(try upload(10, to: server).status == 201)
    }
}
