// The system gives the server no thread any more: what it needs for its jobs is there from the start, so that they are started, cancelled,
// timed out and drained as ever, and nothing that asks for a thread holds the loop or the journal.

import Foundation
import Testing

@Suite struct ThreadShortageTests {
    /// Less than the stack of a thread of Dispatch, which asks for 8 MiB.
    private static let freeKiB = 6 << 10

    @Test func jobsAreStartedAndEndedWithoutANewThread() throws {
        guard Requirement.program("prlimit") != nil else { return }
        let server = try HeldKinds.server(
            more: "  brief:\n    worker: { exec: [\"./held.sh\"] }\n    timeout: 1s\n    cancel_grace: 100ms\n")
        #expect(try eventually { try server.client.get("/readyz").status == 200 })
        try giveNoThreads(server)

        // At once, and so more of them than a pool has idle threads left by chance.
        let body = #"{"kind":"held"}"#
        let head = "POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        let posts = try (0..<12).map { _ in
            let post = try TestConnection(port: server.port)
            try post.send("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            return post
        }
        let jobs = try posts.map { try #require(try $0.response().string("id")) }
        for job in jobs { try server.client.events(job).until("began") }

        let brief = try server.client.events(try server.client.start("brief")).rest()
        #expect(brief.last?.name == "failed", "its timeout came")
        #expect(try server.client.cancel(jobs[0]).status < 300)
        #expect(try server.client.events(jobs[0]).rest().last?.name == "cancelled")
        try server.client.give(jobs[1])
        #expect(try server.client.events(jobs[1]).rest().last?.name == "completed")
        #expect(try eventually { try server.client.get("/readyz").status == 200 })

        server.signal(SIGTERM)
        #expect(try eventually { try server.client.get("/readyz").status == 503 })
        server.signal(SIGTERM)
        try server.waitForExit()
    }

    /// Of a server that runs: its address space may grow by less than a thread needs.
    private func giveNoThreads(_ server: ServerProcess) throws {
        let bytes = (server.procStatus("VmSize") + Self.freeKiB) << 10
        let done = try FinishedProgram.run("prlimit", ["--pid", "\(server.pid)", "--as=\(bytes):"])
        #expect(done.status == 0, "\(done.errors)")
    }
}
