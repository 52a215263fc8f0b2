// A real Chromium: the page as a person uses it, and a bare EventSource across a restart and a kill -9. The scripts are in
// Tests/BrowserTests; here the server is started, stopped and killed.

import Foundation
import Testing

@Suite(.serialized) struct BrowserTests {
    private static func script(_ name: String) -> String {
        ServerProcess.packageRoot.appendingPathComponent("Tests/BrowserTests/\(name)").path
    }

    /// The Python with selenium; nil when that or the browser is missing.
    private func python() -> String? {
        guard let python = Requirement.clientPython(), Requirement.program("chromium") != nil,
            Requirement.program("chromedriver") != nil
        else { return nil }
        return python
    }

    private func server() throws -> ServerProcess {
        try HeldKinds.server(more: "streams:\n  retry: 200ms\n  retry_spread: 0s\ngraceful_timeout: 100ms\n")
    }

    @Test func thePageIsUsedAsAPersonWould() throws {
        guard let python = python() else { return }
        let server = try server()
        let pictures = ProcessInfo.processInfo.environment["SCREENSHOT_DIR"] ?? server.files.file("pictures").path
        let result = try FinishedProgram.run(
            python, [Self.script("page_test.py")],
            environment: ["BASE_URL": "http://127.0.0.1:\(server.port)", "SCREENSHOT_DIR": pictures],
            withinSeconds: 300)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    /// An EventSource that a script drives: commands in, what the browser dispatched out, each a line of JSON.
    private final class Browser {
        private let process: ChildProcess
        private let files: TemporaryDirectory

        init(_ python: String, port: UInt16) throws {
            files = try TemporaryDirectory()
            process = try ChildProcess(
                python, [BrowserTests.script("eventsource_test.py"), "--driven"],
                environment: ["BASE_URL": "http://127.0.0.1:\(port)", "PYTHONUNBUFFERED": "1"], output: .pipe,
                errors: files.file("errors"), input: .pipe)
            _ = try until { $0["ready"] != nil }
        }

        func say(_ command: String) throws {
            try process.write(command + "\n")
        }

        /// The first record that is so.
        @discardableResult
        func until(_ isSo: ([String: Any]) -> Bool) throws -> [String: Any] {
            while let line = try process.readLine() {
                let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                if isSo(record) { return record }
            }
            throw TestFailure(
                "the browser ended: \((try? String(contentsOf: files.file("errors"), encoding: .utf8)) ?? "")")
        }

        func event(_ name: String) throws -> [String: Any] {
            try until { $0["event"] as? String == name }
        }
    }

    /// Each cut comes after the browser saw some events and before the job's end: in the middle of the log.
    @Test(arguments: [SIGTERM, SIGKILL]) func anEventSourceMissesNothingAcrossARestart(signal: Int32) throws {
        guard let python = python() else { return }
        let server = try server()
        let job = try server.client.start("demo.steps", input: "{\"steps\":120,\"interval_ms\":50}")
        let browser = try Browser(python, port: server.port)
        try browser.say("{\"do\":\"open\",\"url\":\"/v1/jobs/\(job)/events\"}")
        for _ in 0..<2 {
            for _ in 0..<5 { _ = try browser.event("progress") }
            server.signal(signal)
            _ = try server.waitForExit()
            try server.start()
            // A crash fails a demo job; what has ended is not ended again.
            if signal == SIGKILL { break }
        }
        let terminal = try browser.until { ["completed", "failed"].contains($0["event"] as? String) }
        #expect(terminal["id"] as? String != nil)
        // The browser comes back once more, gets 204 and gives up for good.
        try browser.until { $0["change"] as? String == "error" && $0["ready_state"] as? Int == 2 }
        try browser.say("{\"do\":\"verdict\"}")
        let verdict = try browser.until { $0["verdict"] != nil }
        #expect(verdict["verdict"] as? String == "ok")
        #expect(verdict["terminal"] as? Int == 1)
        #expect(verdict["ready_state"] as? Int == 2)
        let log = try server.client.events(job).rest().numbered
        #expect(verdict["events"] as? Int == log.count)
        try browser.say("{\"do\":\"quit\"}")
    }

    /// The server stays away until the browser was told by the proxy to come back: any status but 200 would end its EventSource.
    @Test(arguments: Proxy.Kind.shipped)
    func anEventSourceBehindAProxyOutlivesTheServer(kind: Proxy.Kind) throws {
        guard let python = python() else { return }
        let server = try server()
        guard let proxy = try Proxy(kind, to: server.port) else { return }
        let job = try server.client.start("demo.steps", input: "{\"steps\":1000,\"interval_ms\":50}")
        let browser = try Browser(python, port: proxy.port)
        try browser.say("{\"do\":\"open\",\"url\":\"/v1/jobs/\(job)/events\"}")
        _ = try browser.event("progress")
        server.kill9()
        _ = try browser.event("closing")
        try server.start()
        _ = try browser.event("failed")
        try browser.until { $0["ready_state"] as? Int == 2 }
        try browser.say("{\"do\":\"verdict\"}")
        let verdict = try browser.until { $0["verdict"] != nil }
        #expect(verdict["verdict"] as? String == "ok")
        #expect(verdict["events"] as? Int == (try server.client.events(job).rest().numbered.count))
    }

    /// A retried job: the log goes on behind the crash, and so does the browser.
    @Test func anEventSourceFollowsARetriedJobThroughKills() throws {
        guard let python = python() else { return }
        let files = HeldKinds.files.merging([
            "ticks.sh":
                "#!/bin/sh\nread -r start\nwhile read -r message; do echo '{\"event\":\"tick\",\"data\":1}'; done\n"
        ]) { $1 }
        let yaml = """
            streams:
              retry: 200ms
              retry_spread: 0s
            kinds:
              ticks:
                worker: { exec: ["./ticks.sh"] }
                on_crash: retry
                retries: { attempts: 9, backoff: 1ms, max_backoff: 1ms }

            """
        let server = try ServerProcess([], configuration: yaml, files: files)
        let job = try server.client.start("ticks")
        let browser = try Browser(python, port: server.port)
        try browser.say("{\"do\":\"open\",\"url\":\"/v1/jobs/\(job)/events\",\"names\":[\"tick\"]}")
        for round in 1...3 {
            try server.client.give(job)
            _ = try browser.event("tick")
            server.kill9()
            try server.start()
            // Each attempt is given all messages again.
            for _ in 0..<round { _ = try browser.event("tick") }
        }
        try server.client.cancel(job)
        _ = try browser.event("cancelled")
        try browser.until { $0["ready_state"] as? Int == 2 }
        try browser.say("{\"do\":\"verdict\"}")
        let verdict = try browser.until { $0["verdict"] != nil }
        #expect(verdict["verdict"] as? String == "ok")
        #expect(verdict["terminal"] as? Int == 1)
        #expect(verdict["events"] as? Int == (try server.client.events(job).rest().numbered.count))
    }
}
