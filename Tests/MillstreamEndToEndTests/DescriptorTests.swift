// The system's limit of descriptors: what the server needs itself is set aside at the start, and the bound of connections answers before
// the limit does.

import Foundation
import Testing

@Suite struct DescriptorTests {
    private static let configuration = """
        limits: { max_connections: 64 }
        kinds:
          held:
            worker: { exec: ["./held.sh"] }

        """

    /// A shell that lowers the limit and becomes the server.
    private func limited(to limit: Int, _ directory: TemporaryDirectory) -> [String] {
        [
            "-c", "ulimit -n \(limit); exec \"$0\" \"$@\"", ServerProcess.binary.path, "serve", "--port", "0", "--data",
            directory.file("data").path, "--config", directory.file("millstream.yaml").path,
        ]
    }

    @Test func aLimitThatIsTooLowStopsTheStartAndNamesTheOneThatWouldDo() throws {
        let directory = try TemporaryDirectory()
        try directory.write("millstream.yaml", Self.configuration)
        let needed = try needed(directory)
        #expect(try FinishedProgram.run("bash", limited(to: needed - 1, directory)).status == 71)

        try directory.write("held.sh", HeldKinds.files["held.sh"] ?? "")
        let server = try ChildProcess(
            "bash", limited(to: needed, directory), output: .pipe, errors: directory.file("errors"))
        let line = try #require(try server.readLine())
        let port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
        let client = TestClient(port: port)
        // Every slot for programs is in use, and every connection is.
        let jobs = try (0..<16).map { _ in try client.start("held") }
        for job in jobs { try client.events(job).until("began") }
        var streams: [TestStream] = []
        let isFull = try eventually {
            let stream = try client.stream("/v1/events?channel=c")
            if stream.status == 200 { streams.append(stream) }
            return streams.count == 64
        }
        #expect(isFull)
        let refused = try (0..<40).map { _ in try client.begin("GET", "/livez") }
        for connection in refused {
            let response = try connection.response()
            #expect(response.status == 503)
            #expect(response.headers["retry-after"] != nil)
        }
        #expect(try open(server) < needed)
    }

    /// Growing it would stop the loop for a grace period of RCU each time.
    @Test func theKernelsTableIsLargeEnoughFromTheStart() throws {
        let server = try ServerProcess(configuration: "limits: { max_connections: 3000, max_streams: 3000 }\n")
        let slots = server.procStatus("FDSize")
        #expect(slots > 3000)
        #expect(slots <= 8192, "and no larger than that")
    }

    @Test func aProgramWaitsForADescriptorWhenTheServerHasNoneLeft() throws {
        let server = try ServerProcess(
            [], configuration: "kinds:\n  quick:\n    worker: { exec: [\"./quick.sh\"] }\n",
            files: ["quick.sh": "#!/bin/sh\nread -r start\necho done\n"])
        // Whatever the first job opens for good is open.
        _ = try server.client.events(try server.client.start("quick")).rest()
        // One connection for everything: none can be accepted while there are no descriptors.
        let connection = try TestConnection(port: server.port)
        let body = #"{"kind":"quick","id":"waits"}"#
        let head = "Host: a\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        try connection.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try connection.response().status == 200)

        // What is open stays open; nothing more can be.
        try limit(server, to: 3)
        try connection.send("POST /v1/jobs HTTP/1.1\r\n\(head)Prefer: wait=1\r\n\r\n\(body)")
        let created = try connection.response()
        #expect(created.status == 202, "it cannot have ended")
        #expect(created.string("state") == "in_progress")

        try limit(server, to: 1024)
        let events = try server.client.events("waits").rest()
        #expect(events.last?.name == "completed")
        #expect(events.last?.object["attempt"] as? Int == 1)
    }

    /// Sets the soft limit of a server that runs.
    private func limit(_ server: ServerProcess, to count: Int) throws {
        let done = try FinishedProgram.run("prlimit", ["--pid", "\(server.pid)", "--nofile=\(count):"])
        #expect(done.status == 0, "\(done.errors)")
    }

    private func needed(_ directory: TemporaryDirectory) throws -> Int {
        let refused = try FinishedProgram.run("bash", limited(to: 64, directory))
        #expect(refused.status == 71)
        let words = refused.errors.split(separator: " ")
        let place = try #require(words.firstIndex(of: "need"), "\(refused.errors)")
        return try #require(Int(words[place + 1]))
    }

    private func open(_ server: ChildProcess) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.pid)/fd").count
    }
}
