// A store that is full, read-only or damaged: it is said, nothing that was acknowledged is lost, and nothing is acknowledged that
// is not stored.

import Foundation
import MillstreamSSE
import Testing

@Suite(.serialized) struct StoreFaultTests {
    /// A small file system in memory, mounted for one test. Needs root.
    private final class SmallDisk {
        let directory: TemporaryDirectory
        var path: String { directory.url.path }

        init?(size: String) throws {
            directory = try TemporaryDirectory()
            guard geteuid() == 0, let mount = Requirement.program("mount") else {
                _ = Requirement.isMet(false, "root, to mount a small disk")
                return nil
            }
            let result = try FinishedProgram.run(
                mount, ["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", directory.url.path])
            guard Requirement.isMet(result.status == 0, "the right to mount: \(result.errors)") else { return nil }
        }

        func remount(_ option: String) throws {
            // Busy for a moment more: the kernel closes the files of a killed server in its own time.
            var result = try FinishedProgram.run("mount", ["-o", "remount,\(option)", path])
            _ = try eventually {
                guard result.status != 0 else { return true }
                result = try FinishedProgram.run("mount", ["-o", "remount,\(option)", path])
                return false
            }
            guard result.status == 0 else { throw TestFailure(result.errors) }
        }

        deinit {
            _ = try? FinishedProgram.run("umount", ["-l", path])
        }

        /// Takes all room that is left.
        func fill() throws {
            let ballast = open(path + "/ballast", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            defer { close(ballast) }
            var block = [UInt8](repeating: 7, count: 65_536)
            while !block.isEmpty {
                if write(ballast, block, block.count) <= 0 { block.removeLast((block.count + 1) / 2) }
            }
        }

        func makeRoom() throws {
            try FileManager.default.removeItem(atPath: path + "/ballast")
        }
    }

    @Test func onAFullDiskNothingIsAcknowledgedAndNothingIsLost() throws {
        guard let disk = try SmallDisk(size: "16m") else { return }
        let server = try HeldKinds.server(data: disk.directory.file("data"))
        let held = try server.client.start("held")
        let stream = try server.client.events(held)
        let began = try #require(try stream.until("began").last?.id)
        let ended = try server.client.start("demo.steps", input: "{\"steps\":1,\"interval_ms\":1}")
        _ = try server.client.events(ended).rest()
        var acknowledged: [String] = [held, ended]
        let before = try server.client.post("/v1/channels/c/events", json: "{\"event\":\"e\",\"data\":\"before\"}")
        var published = before["ids"] as? [String] ?? []
        try disk.fill()

        // The journal may have room left in its own file for a while.
        var refusal: TestResponse?
        let padding = String(repeating: "x", count: 20_000)
        for n in 0..<2000 where refusal == nil {
            let job = try server.client.post(
                "/v1/jobs", json: "{\"kind\":\"held\",\"id\":\"job-\(n)\",\"input\":\"\(padding)\"}")
            if job.status == 202 { acknowledged.append("job-\(n)") } else { refusal = job }
            let event = try server.client.post(
                "/v1/channels/c/events", json: "{\"event\":\"e\",\"data\":\"\(n)\(padding)\"}")
            if event.status == 200 { published += event["ids"] as? [String] ?? [] } else { refusal = event }
        }
        let problem = try #require(refusal)
        #expect(problem.status == 503)
        #expect(problem.problem == "store-unavailable")
        #expect(problem.headers["retry-after"] != nil)
        // What needs nothing of the store is answered; a cancellation that begins does need it.
        let late = try server.client.cancel(ended)
        #expect(late.status == 200)
        #expect(late.string("state") == "completed")

        // A stream is answered with 200 all the same: any other status would end an EventSource for good.
        #expect(try server.client.events(held).status == 200)
        #expect(try server.client.stream("/v1/events?channel=c").status == 200)
        #expect(try server.client.get("/livez").status == 200)
        #expect(try server.client.get("/readyz").status == 503)

        try disk.makeRoom()
        let isBack = try eventually {
            let answer = try server.client.post("/v1/jobs", json: "{\"kind\":\"held\"}")
            if answer.status == 202 { acknowledged.append(answer.string("id") ?? "") }
            return answer.status == 202
        }
        #expect(isBack, "the server takes jobs again without a restart")
        // Who was connected either still is, or was sent away with a word and goes on at its cursor.
        #expect(try server.client.give(held).status == 202)
        var last = try stream.rest()
        if last.last?.name == "closing" {
            #expect(last.last?.object["reason"] as? String == "store")
            last = try server.client.events(held, after: began).rest()
        }
        #expect(last.numbered.map(\.name) == ["completed"])
        for isRestarted in [false, true] {
            if isRestarted {
                server.kill9()
                try server.start()
            }
            for id in acknowledged { #expect(try server.client.get("/v1/jobs/\(id)").status == 200, "\(id)") }
            let first = try #require(published.first)
            let channel = try server.client.stream("/v1/events?channel=c&last_event_id=\(first.prefix { $0 != "-" })-0")
            for id in published { #expect(try channel.next()?.id == id) }
        }
    }

    @Test func aWorkersEventsOutliveAFullDisk() throws {
        guard let disk = try SmallDisk(size: "16m") else { return }
        let script = """
            #!/bin/sh
            read -r start
            pad=$(head -c 2000 /dev/zero | tr '\\0' x)
            echo '{"event":"began","data":1}'
            read -r message
            n=0
            while [ $n -lt 2000 ]; do n=$((n+1)); echo "{\\"event\\":\\"n\\",\\"data\\":\\"$n $pad\\"}"; done

            """
        let server = try ServerProcess(
            [], configuration: "kinds:\n  talks:\n    worker: { exec: [\"./talks.sh\"] }\n",
            files: ["talks.sh": script],
            data: disk.directory.file("data"))
        let id = try server.client.start("talks")
        try server.client.events(id).until("began")
        try server.client.give(id)
        try disk.fill()
        // Four megabytes in commits of a few events each: a slow machine takes its time.
        let isFull = try eventually(withinSeconds: 240) { try server.client.get("/readyz").status == 503 }
        #expect(isFull)
        try disk.makeRoom()
        let isDone = try eventually(withinSeconds: 240) { try server.client.state(id) == "completed" }
        #expect(isDone)
        let events = try server.client.events(id).rest()
        #expect(events.named("n").map { $0.data.dropFirst().prefix { $0 != " " } } == (1...2000).map { "\($0)" })
        #expect(events.terminal.count == 1)
    }

    @Test func aReadOnlyDiskIsSaidAtTheStart() throws {
        guard let disk = try SmallDisk(size: "16m") else { return }
        let data = disk.directory.file("data")
        do {
            let server = try HeldKinds.server(data: data)
            _ = try server.client.start("held")
        }
        try disk.remount("ro")
        let refused = try ServerProcess.refusedStart(data: data)
        #expect(refused.status != 0)
        #expect(refused.errors.contains(data.path), "\(refused.errors)")
        #expect(refused.errors.lowercased().contains("read-only"), "\(refused.errors)")
        try disk.remount("rw")
        let again = try HeldKinds.server(data: data)
        #expect((try again.client.get("/v1/jobs")["jobs"] as? [Any])?.count == 1)
    }

    private func journalFile(in data: URL) throws -> URL {
        let files = try FileManager.default.contentsOfDirectory(at: data, includingPropertiesForKeys: [.fileSizeKey])
        for file in files {
            let head = try FileHandle(forReadingFrom: file).read(upToCount: 15) ?? Data()
            if head == Data("SQLite format 3".utf8) { return file }
        }
        throw TestFailure("no database among \(files)")
    }

    @Test func aFileThatIsNoJournalStopsTheStart() throws {
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        do {
            let server = try HeldKinds.server(data: data)
            _ = try server.client.start("held")
            server.kill9()
        }
        let journal = try journalFile(in: data)
        try Data("this is no database at all".utf8).write(to: journal)
        for path in [journal.path + "-wal", journal.path + "-shm"] { try? FileManager.default.removeItem(atPath: path) }
        let refused = try ServerProcess.refusedStart(data: data)
        #expect(refused.status != 0)
        #expect(refused.errors.contains(journal.lastPathComponent), "\(refused.errors)")
        #expect(try Data(contentsOf: journal) == Data("this is no database at all".utf8), "it is left as it was")
    }

    @Test func damageInTheMiddleIsSaidAndNothingWrongIsShown() throws {
        let directory = try TemporaryDirectory()
        let data = directory.file("data")
        var ids: [String] = []
        do {
            let server = try ServerProcess(data: data)
            for _ in 0..<20 {
                let id = try server.client.start(
                    "demo.steps", input: "{\"steps\":50,\"interval_ms\":0,\"data_bytes\":1000}")
                _ = try server.client.events(id).rest()
                ids.append(id)
            }
            server.signal(SIGTERM)
            try server.waitForExit()
        }
        let journal = try journalFile(in: data)
        let handle = try FileHandle(forUpdating: journal)
        let size = try handle.seekToEnd()
        for offset in stride(from: size / 3, to: size * 2 / 3, by: 4096) {
            try handle.seek(toOffset: offset)
            try handle.write(contentsOf: Data(repeating: 0xA5, count: 512))
        }
        try handle.close()
        let check = try FinishedProgram.run(ServerProcess.binary.path, ["journal", "check", "--data", data.path])
        #expect(check.status != 0, "\(check.output)")
        #expect(!(check.output + check.errors).isEmpty)

        guard let server = try? ServerProcess(data: data) else { return }
        #expect(try server.client.get("/livez").status == 200)
        for id in ids {
            let page = try server.client.get("/v1/jobs/\(id)/events?limit=1000", ["Accept": "application/json"])
            #expect([200, 404, 503].contains(page.status), "\(page.status)")
            guard page.status == 200, let events = page["events"] as? [[String: Any]] else { continue }
            let numbers = events.compactMap { $0["seq"] as? Int }
            let start = numbers.first ?? 1
            #expect(numbers == Array(start..<(start + numbers.count)))
        }
        #expect(server.isRunning)
    }
}
