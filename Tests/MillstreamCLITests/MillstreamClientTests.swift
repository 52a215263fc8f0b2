import Foundation
import MillstreamJSON
import Testing

@testable import MillstreamCLI

@Suite struct MillstreamClientTests {
    private let job = "{\"id\":\"j1\",\"kind\":\"k\",\"state\":\"queued\",\"attempt\":0,\"queue_position\":3}"

    @Test func jobIsPostedAsJSONWithItsKey() throws {
        let server = try ScriptedServer([.json(202, job)]).start()
        let body = try JSONText(validating: "{\"kind\":\"k\"}".utf8)
        let snapshot = try MillstreamClient(address: server.address).submit(body, idempotencyKey: "key-1")
        #expect(snapshot.id == "j1")
        #expect(snapshot.queuePosition == 3)
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:"))
        for field in [
            "Content-Length: 12", "Content-Type: application/json", "Idempotency-Key: key-1", "Connection: close",
        ] {
            #expect(request.contains("\r\n\(field)\r\n"))
        }
        #expect(request.hasSuffix("\r\n\r\n{\"kind\":\"k\"}"))
    }

    @Test func idsAndQueriesAreEncoded() throws {
        let server = try ScriptedServer([.json(200, job), .json(200, "{\"jobs\":[\(job)],\"next_cursor\":\"c\"}")])
            .start()
        let client = MillstreamClient(address: server.address)
        _ = try client.cancel("a/b ?é")
        let page = try client.jobs([("kind", "a&b"), ("limit", "2")])
        #expect(page.jobs.count == 1)
        #expect(page.nextCursor == "c")
        #expect(server.requests[0].hasPrefix("POST /v1/jobs/a%2Fb%20%3F%C3%A9/cancel HTTP/1.1\r\n"))
        #expect(server.requests[1].hasPrefix("GET /v1/jobs?kind=a%26b&limit=2 HTTP/1.1\r\n"))
    }

    @Test func fileIsSentAsAFormWithItsName() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("a \"b\" \(UUID().uuidString).bin")
            .path
        let content = String(repeating: "0123456789", count: 20_000)
        try content.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try ScriptedServer([.json(201, "{\"id\":\"u1\"}")]).start()
        #expect(try MillstreamClient(address: server.address).upload(LocalFile(path)) == "u1")
        let request = try #require(server.requests.first)
        #expect(request.contains(content))
        #expect(request.contains("filename=\"a \\\"b\\\" "))
        let boundary = try #require(request.firstRange(of: "boundary=")).upperBound
        let name = request[boundary...].prefix { !$0.isWhitespace }
        #expect(request.hasSuffix("\r\n--\(name)--\r\n"))
    }

    @Test func refusalBeforeTheWholeUploadIsToldNotTheBrokenPipe() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try Data(count: 8 << 20).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: ClientFailure.self) { try LocalFile("/does/not/exist") }
        #expect(throws: ClientFailure.self) { try LocalFile("/dev/zero") }
        #expect(try LocalFile(path).byteCount == 8 << 20)
    }

    @Test func problemsOfFieldsAreTold() throws {
        let problem =
            "{\"title\":\"A value was refused\",\"status\":422,\"errors\":[{\"field\":\"kind\",\"message\":\"unknown\"}]}"
        let server = try ScriptedServer([.json(422, problem), .json(503, ""), .json(200, "no json")]).start()
        let client = MillstreamClient(address: server.address)
        let refused = #expect(throws: ClientFailure.self) { try client.job("a") }
        #expect(refused?.description == "the server refused (422): A value was refused; kind unknown")
        #expect(refused?.exitStatus == 65)
        let busy = #expect(throws: ClientFailure.self) { try client.job("a") }
        #expect(busy?.exitStatus == 75)
        let odd = #expect(throws: ClientFailure.self) { try client.job("a") }
        #expect(odd?.exitStatus == 76)
        let gone = #expect(throws: ClientFailure.self) { try client.job("a") }
        #expect(gone?.exitStatus == 69)
    }

    @Test func answerThatIsCutOffIsNotTakenForAWholeOne() throws {
        let server = try ScriptedServer([
            .init(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"]),
            .init(pieces: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"]),
            .init(pieces: ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2"]), .init(pieces: ["SSH-2.0\r\n\r\n"]),
        ]).start()
        let client = MillstreamClient(address: server.address)
        for status: Int32 in [69, 69, 69, 76] {
            let failure = #expect(throws: ClientFailure.self) { try client.job("a") }
            #expect(failure?.exitStatus == status)
        }
    }

    @Test func uploadIsAddedToTheInput() throws {
        let input = try JSONText(validating: "{\"a\":1.0,\"upload\":\"old\"}".utf8)
        #expect(try SubmitCommand.adding(upload: "u", to: input).text == "{\"a\":1.0,\"upload\":\"u\"}")
        #expect(try SubmitCommand.adding(upload: "u", to: nil).text == "{\"upload\":\"u\"}")
        #expect(throws: ClientFailure.self) { try SubmitCommand.adding(upload: "u", to: .null) }
    }
}
