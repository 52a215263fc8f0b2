// The README's example of a program that embeds the server: it compiles, runs, and does its job.

import Foundation
import Millstream
import Testing

struct Resize: JobHandler {
    func run(_ job: JobContext) async throws -> JSONText? {
        try await job.progress(50, message: "half way")
        return .object { $0.member("width", 800) }
    }
}

@Suite struct EmbeddingTests {
    /// Where the server said it listens, from its thread to the test's.
    private final class ReadyURL: @unchecked Sendable {
        // Sendable: written once before the signal, read after it.
        var text = ""
        let isThere = DispatchSemaphore(value: 0)
    }

    @Test func aProgramServesItsOwnHandlers() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: directory) }
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.dataDirectory = directory.path
        let server = try JobServer(configuration, handlers: ["resize": Resize()])
        let ready = ReadyURL()
        let isOver = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            do {
                try server.run { url in
                    ready.text = url
                    ready.isThere.signal()
                }
            } catch {
                Issue.record(error)
                ready.isThere.signal()
            }
            isOver.signal()
        }
        #expect(ready.isThere.wait(timeout: .now() + 120) == .success)
        let url = try #require(URL(string: ready.text + "/v1/jobs"))
        let answer = try Self.post(url, #"{"kind":"resize"}"#, prefer: "wait=30")
        #expect(answer["state"] as? String == "completed")
        #expect((answer["result"] as? [String: Any])?["width"] as? Int == 800)
        server.stop()
        #expect(isOver.wait(timeout: .now() + 120) == .success)
    }

    private static func post(_ url: URL, _ body: String, prefer: String) throws -> [String: Any] {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        program.arguments = [
            "-s", url.absoluteString, "-H", "Content-Type: application/json", "-H", "Prefer: \(prefer)", "-d", body,
        ]
        let output = Pipe()
        program.standardOutput = output
        try program.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        program.waitUntilExit()
        return try JSONSerialization.jsonObject(with: bytes) as? [String: Any] ?? [:]
    }
}
