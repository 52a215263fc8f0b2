// The examples of README.md and of the page on workers, cut out of the documents and run as they stand there, the port aside.

import Foundation
import MillstreamSSE
import Testing

@Suite struct DocumentationTests {
    /// The fenced blocks of a document in one language, in their order.
    private static func blocks(_ language: String, of path: String) throws -> [String] {
        let text = try String(
            contentsOf: ServerProcess.packageRoot.appendingPathComponent(path), encoding: .utf8)
        return text.components(separatedBy: "\n```\(language)\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first.map { $0 + "\n" }
        }
    }

    @Test func theWorkerOfThePageOnWorkersDoesItsWork() throws {
        for program in ["python3", "curl", "jq"] {
            guard Requirement.program(program) != nil else { return }
        }
        let page = "Sources/Millstream/Millstream.docc/Workers.md"
        let worker = try #require(try Self.blocks("python", of: page).first)
        let configuration = try #require(try Self.blocks("yaml", of: page).first)
        let commands = try #require(try Self.blocks("sh", of: page).first)
        let server = try ServerProcess([], configuration: configuration, files: ["read.py": worker])
        let script = commands.replacingOccurrences(of: "127.0.0.1:8080", with: "127.0.0.1:\(server.port)")
        let result = try FinishedProgram.run("/bin/sh", ["-ec", "cd '\(server.files.url.path)'\n\(script)"])
        #expect(result.status == 0, "\(result.output)\(result.errors)\(server.log)")
        #expect(result.output.contains("event: completed\n"), "\(result.output)")
        let events = try server.client.events("first").rest()
        #expect(
            events.numbered.map(\.name) == ["input_required", "transcript", "transcript", "result", "completed"])
        #expect(events.named("result").first?.data == "{\"language\":\"en\",\"lines\":2}")
        let job = try server.client.job("first")
        #expect(job["state"] as? String == "completed")
        #expect(job["progress"] as? Double == 100)
    }

    @Test func theKindInFiveLinesDoesItsWork() throws {
        let configuration = try #require(try Self.blocks("yaml", of: "README.md").first)
        let worker = try #require(try Self.blocks("sh", of: "README.md").first { $0.hasPrefix("#!/bin/sh") })
        let server = try ServerProcess([], configuration: configuration, files: ["resize.sh": worker])
        let events = try server.client.events(try server.client.start("resize")).rest()
        #expect(events.numbered.map(\.name) == ["progress", "result", "completed"])
        #expect(events.named("result").first?.data == "{\"width\":800}")
    }
}
