// The commands as a person at a terminal uses them.

import Foundation
import Testing

@Suite struct CommandLineTests {
    private func run(
        _ arguments: [String], _ server: ServerProcess? = nil, input: String = ""
    ) throws -> FinishedProgram {
        let address = server.map { ["MILLSTREAM_SERVER": "http://127.0.0.1:\($0.port)"] } ?? [:]
        return try FinishedProgram.run(ServerProcess.binary.path, arguments, environment: address, input: input)
    }

    @Test func theVersionIsThatOfTheReadyLine() throws {
        let version = try run(["--version"])
        #expect(version.status == 0)
        let number = version.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(number.contains(/\d+\.\d+\.\d+/))
        let directory = try TemporaryDirectory()
        let server = try ChildProcess(
            ServerProcess.binary.path, ["serve", "--port", "0", "--data", directory.file("data").path], output: .pipe,
            errors: directory.file("log"))
        let line = try #require(try server.readLine())
        let plain = number.split(separator: " ").last.map(String.init) ?? number
        #expect(line.wholeMatch(of: /millstream (\S+) listening on http:\/\/127\.0\.0\.1:\d+/)?.1 == plain[...])
    }

    @Test(arguments: [
        [], ["serve"], ["submit"], ["tail"], ["jobs"], ["cancel"], ["journal"], ["journal", "check"],
        ["config", "check"],
    ]) func eachCommandExplainsItself(command: [String]) throws {
        let help = try run(command + ["--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("USAGE"))
    }

    @Test(arguments: [["nonsense"], ["serve", "--nonsense"], ["submit"], ["cancel"], ["jobs", "--limit", "x"]])
    func wrongUsageIs64(arguments: [String]) throws {
        let result = try run(arguments)
        #expect(result.status == 64)
        #expect(!result.errors.isEmpty)
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func thereAreCompletions(shell: String) throws {
        let script = try run(["--generate-completion-script", shell])
        #expect(script.status == 0)
        #expect(script.output.contains("submit"))
    }

    @Test func aSubmittedJobIsFollowedToItsResult() throws {
        let server = try HeldKinds.server(
            more: "  answers:\n    worker: { exec: [\"./answers.sh\"] }\n",
            files: [
                "answers.sh": """
                #!/bin/sh
                read -r start
                echo '{"event":"progress","data":{"progress":50}}'
                echo '{"event":"result","data":{"answer":42.0}}'

                """
            ])
        let done = try run(["submit", "answers", "--input", "{\"a\":1}"], server)
        #expect(done.status == 0, "\(done.errors)")
        #expect(done.output == "{\"answer\":42.0}\n")
        #expect(done.errors.contains("progress"))
        let quiet = try run(["submit", "answers", "--wait"], server)
        #expect(quiet.output == "{\"answer\":42.0}\n")

        let json = try run(["submit", "answers", "--json"], server)
        let lines = try json.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let names = lines.compactMap { $0["event"] as? String }
        #expect(names.filter { $0 != "status" } == ["progress", "result", "completed"])
        #expect(lines.last?["state"] as? String == "completed", "the last line is the job")

        let failed = try run(
            ["submit", "demo.steps", "--input", "{\"steps\":3,\"interval_ms\":1,\"fail_at\":1}"], server)
        #expect(failed.status == 1)
        let unknown = try run(["submit", "nope"], server)
        #expect(unknown.status == 65)
        #expect(unknown.errors.contains("nope"))
    }

    @Test func aFileIsSentAlong() throws {
        let server = try ServerProcess(
            [], configuration: "kinds:\n  size:\n    worker: { exec: [\"./size.sh\"] }\n",
            files: [
                "size.sh": """
                #!/bin/sh
                read -r start
                path=$(printf '%s' "$start" | sed 's/.*"upload_path":"\\([^"]*\\)".*/\\1/')
                printf '{"event":"result","data":%s}\\n' "$(wc -c <"$path")"

                """
            ])
        let file = try server.files.write("voice.wav", String(repeating: "x", count: 100_000))
        let result = try run(["submit", "size", "--upload", file.path], server)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "100000\n")
    }

    @Test func jobsAreListedTailedAndCancelled() throws {
        let server = try HeldKinds.server()
        let leave = try run(["submit", "held", "--no-follow", "--id", "mine", "--owner", "ann"], server)
        #expect(leave.output == "mine\n")
        try server.client.events("mine").until("began")
        let listed = try run(["jobs", "--state", "in_progress"], server)
        #expect(listed.output.contains("mine") && listed.output.contains("held") && listed.output.contains("ann"))
        #expect(try run(["jobs", "--kind", "none", "--json"], server).output.isEmpty)
        let cancelled = try run(["cancel", "mine"], server)
        #expect(cancelled.status == 0)
        let tail = try run(["tail", "mine", "--json"], server)
        #expect(tail.status == 3, "the status tells how it ended")
        let names = try tail.output.split(separator: "\n").map {
            (try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["event"] as? String
        }
        #expect(names.filter { $0 != "status" } == ["began", "cancelled"])
        #expect(try run(["cancel", "none"], server).status == 65)
    }

    /// The follower is killed by nobody: the server is, and the command goes on where it was.
    @Test func followingSurvivesARestartOfTheServer() throws {
        let server = try ServerProcess(
            configuration: "streams:\n  retry: 100ms\n  retry_spread: 0s\n"
                + "kinds:\n  again:\n    worker: { exec: [\"./again.sh\"] }\n    on_crash: retry\n"
                + "    retries: { attempts: 3, backoff: 1ms }\n",
            files: ["again.sh": "#!/bin/sh\nread -r start\necho '{\"event\":\"began\",\"data\":1}'\nread -r message\n"])
        let job = try server.client.start("again")
        let errors = try TemporaryDirectory()
        let tail = try ChildProcess(
            ServerProcess.binary.path,
            ["tail", job, "--json", "--server", "http://127.0.0.1:\(server.port)"], output: .pipe,
            errors: errors.file("errors"))
        var names: [String] = []
        var ids: [String] = []
        let readUntil = { (name: String) in
            while let line = try tail.readLine() {
                let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                names.append(event?["event"] as? String ?? line)
                if let id = event?["id"] as? String { ids.append(id) }
                if names.last == name { return }
            }
        }
        try readUntil("began")
        server.kill9()
        try server.start()
        try readUntil("began")
        try server.client.give(job)
        try readUntil("completed")
        #expect(names.filter { $0 != "status" && $0 != "closing" } == ["began", "retrying", "began", "completed"])
        #expect(Set(ids).count == ids.count, "no event twice: \(ids)")
        #expect(try tail.waitForExit() == 0)
    }

    @Test func aServerThatIsNotThereIsSaid() throws {
        let result = try run(["jobs", "--server", "http://127.0.0.1:1"])
        #expect(result.status == 69)
        #expect(result.errors.contains("127.0.0.1:1"))
        #expect(try run(["jobs", "--server", "ftp://x"]).status == 64)
    }

    @Test func theJournalOfAStoppedServerIsCheckedAndCompacted() throws {
        let server = try ServerProcess()
        for _ in 0..<3 {
            let id = try server.client.start("demo.steps", input: "{\"steps\":20,\"interval_ms\":0}")
            _ = try server.client.events(id).rest()
        }
        // While it runs, looking is allowed or refused, but the server is not disturbed.
        _ = try run(["journal", "check", "--data", server.data.path])
        #expect(try eventually { try server.client.get("/readyz").status == 200 })
        // One is under way, whose last commits were of events alone.
        let running = try server.client.start("demo.steps", input: "{\"steps\":100000,\"interval_ms\":5}")
        let stream = try server.client.events(running)
        for _ in 0..<20 { _ = try stream.next() }
        server.kill9()
        let check = try run(["journal", "check", "--data", server.data.path])
        #expect(check.status == 0, "\(check.errors)")
        let inspect = try run(["journal", "inspect", "--data", server.data.path])
        #expect(inspect.status == 0, "\(inspect.errors)")
        #expect(inspect.output.contains("4, 1 of them live"))
        let compact = try run(["journal", "compact", "--data", server.data.path])
        #expect(compact.status == 0, "\(compact.errors)")
        try server.start()
        #expect((try server.client.get("/v1/jobs")["jobs"] as? [Any])?.count == 4)
    }
}
