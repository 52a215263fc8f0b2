// The signals of an operator: SIGTERM drains, a second one stops at once, SIGHUP reloads.

import Foundation
import Testing

@Suite struct DrainTests {
    @Test func whileItDrainsStreamsLiveAndNewJobsAreRefused() throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        let stream = try server.client.events(id)
        try stream.until("began")
        server.signal(SIGTERM)
        let isDraining = try eventually { try server.client.get("/readyz").status == 503 }
        #expect(isDraining, "no balancer sends anybody here now")
        #expect(try server.client.get("/readyz").headers["retry-after"] != nil)
        let refused = try server.client.post("/v1/jobs", json: "{\"kind\":\"held\"}")
        #expect(refused.status == 503)
        #expect(refused.problem == "draining")
        #expect(refused.headers["retry-after"] != nil)
        // The job ends as if nothing were, its reader sees the end, and then the server goes.
        #expect(try server.client.give(id).status == 202)
        #expect(try stream.rest().last?.name == "completed")
        #expect(stream.endedCleanly)
        #expect(try server.waitForExit() == 0)
    }

    /// The head has come, so the server waits for the rest, although no job and no stream holds it.
    @Test func aRequestThatIsUnderWayIsAnswered() throws {
        let server = try ServerProcess()
        let kept = try TestConnection(port: server.port)
        try kept.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try kept.response().status == 200)
        let job = try beginPost("/v1/jobs", "application/json", byteCount: 21, server)
        let upload = try beginPost("/v1/uploads", "text/plain", byteCount: 2, server)
        server.signal(SIGTERM)
        #expect(try kept.receiveAll().isEmpty, "the drain has begun")
        try upload.send("hi")
        #expect(try upload.response().status == 201)
        try job.send("{\"kind\":\"demo.steps\"}")
        let refused = try job.response()
        #expect(refused.status == 503)
        #expect(refused.problem == "draining")
        #expect(try server.waitForExit() == 0)
    }

    /// Sends a head, and returns when the server has read it.
    private func beginPost(
        _ path: String, _ type: String, byteCount: Int, _ server: ServerProcess
    ) throws -> TestConnection {
        let connection = try TestConnection(port: server.port)
        try connection.send(
            "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(byteCount)\r\n"
                + "Expect: 100-continue\r\n\r\n")
        #expect(try connection.readHead().status == 100)
        return connection
    }

    @Test func aJobThatDoesNotEndGoesBackToTheQueueWithoutAnAttemptCounted() throws {
        let server = try HeldKinds.server(more: "graceful_timeout: 200ms\n")
        let id = try server.client.start("held")
        let stream = try server.client.events(id)
        try stream.until("began")
        server.signal(SIGTERM)
        let closing = try stream.rest()
        #expect(closing.last?.name == "closing")
        #expect(closing.last?.object["reason"] as? String == "drain")
        #expect((closing.last?.object["retry_ms"] as? Int ?? 0) > 0)
        #expect(try server.waitForExit() == 0)
        try server.start()
        let again = try server.client.events(id, after: "\(epoch(of: stream, server, id))-1")
        try again.until("began")
        #expect(try server.client.job(id)["attempt"] as? Int == 1)
        try server.client.give(id)
        #expect(try again.rest().terminal.map(\.name) == ["completed"])
    }

    /// Its grace is that of a cancellation; of a server that stops it has had its time, and nothing of it stays behind.
    @Test func aProgramThatIgnoresTheSignalDoesNotOutliveTheServer() throws {
        let server = try ServerProcess(
            configuration: """
                graceful_timeout: 100ms
                kinds:
                  deaf:
                    worker: { exec: ["./deaf.sh"] }
                    cancel_grace: 10m

                """,
            files: [
                "deaf.sh": """
                #!/bin/bash
                trap '' TERM
                read -r start
                echo '{"event":"began","data":'$$'}'
                while :; do sleep 1000; done

                """
            ])
        let id = try server.client.start("deaf")
        let began = try #require(try server.client.events(id).until("began").last)
        let pid = try #require(pid_t(began.data))
        #expect(kill(pid, 0) == 0)
        server.signal(SIGTERM)
        #expect(try server.waitForExit() == 0)
        #expect(kill(pid, 0) == -1 && errno == ESRCH, "its process group went with the server")
        try server.start()
        let again = try server.client.events(id)
        try again.until("began")
        let second = try #require(try again.until("began").last.flatMap { pid_t($0.data) })
        // Nobody else ends it once the server is killed.
        defer { kill(-second, SIGKILL) }
        #expect(try server.client.job(id)["attempt"] as? Int == 1, "back in the queue, the attempt not counted")
    }

    private func epoch(of stream: TestStream, _ server: ServerProcess, _ id: String) throws -> String {
        let last = try #require(try server.client.job(id)["last_event_id"] as? String)
        return String(last.prefix { $0 != "-" })
    }

    /// What the pool ends because the server goes has not failed: neither a program, nor one that waits for input, nor a handler.
    @Test func aSecondSignalStopsAtOnceAndNoJobFailsOfIt() throws {
        let server = try HeldKinds.server(
            more: "  asks:\n    worker: { exec: [\"./asks.sh\"] }\n",
            files: [
                "asks.sh": """
                #!/bin/sh
                read -r start
                echo '{"event":"began","data":null}'
                echo '{"event":"input_required","data":{}}'
                read -r message

                """
            ])
        let jobs = try ["held", "asks"].map { try server.client.start($0) }
        for job in jobs { try server.client.events(job).until("began") }
        #expect(try eventually { try server.client.state(jobs[1]) == "input_required" })
        let demo = try server.client.start("demo.steps", input: "{\"interval_ms\":3600000}")
        #expect(try eventually { try server.client.state(demo) == "in_progress" })
        server.signal(SIGTERM)
        #expect(try eventually { try server.client.get("/readyz").status == 503 })
        server.signal(SIGTERM)
        _ = try server.waitForExit()
        try server.start()
        for job in jobs {
            let again = try server.client.events(job)
            try again.until("began")
            let between = try again.until("began")
            #expect(!between.contains { ["failed", "retrying"].contains($0.name) })
            #expect(try server.client.job(job)["attempt"] as? Int == 1, "back in the queue, the attempt not counted")
            try server.client.give(job)
            #expect(try again.rest().terminal.map(\.name) == ["completed"])
        }
        #expect(try eventually { try server.client.state(demo) == "in_progress" })
        #expect(try server.client.job(demo)["attempt"] as? Int == 1)
    }

    @Test func anInterruptedTerminalDrainsToo() throws {
        let server = try ServerProcess()
        server.signal(SIGINT)
        #expect(try server.waitForExit() == 0)
    }

    @Test func aReloadTakesWhatCanChangeAndKeepsTheLastGoodOne() throws {
        let server = try HeldKinds.server()
        let stream = try server.client.stream("/v1/events?channel=c")
        #expect(try server.client.post("/v1/jobs", json: "{\"kind\":\"late\"}").status == 422)
        let more = "  late:\n    worker: { exec: [\"./held.sh\"] }\n"
        try server.files.write("millstream.yaml", HeldKinds.configuration + more)
        server.signal(SIGHUP)
        #expect(try eventually { try server.client.post("/v1/jobs", json: "{\"kind\":\"late\"}").status == 202 })

        try server.files.write("millstream.yaml", "port: broken\n")
        server.signal(SIGHUP)
        #expect(eventually { server.log.contains("millstream.yaml") && server.log.contains("port") })
        #expect(try server.client.post("/v1/jobs", json: "{\"kind\":\"late\"}").status == 202)
        // The stream lived through both.
        _ = try server.client.post("/v1/channels/c/events", json: "{\"event\":\"e\",\"data\":1}")
        #expect(try stream.next()?.data == "1")
    }

    @Test func aLogFileIsOpenedAgain() throws {
        let directory = try TemporaryDirectory()
        let log = directory.file("m.log")
        let server = try ServerProcess(configuration: "log:\n  file: \"\(log.path)\"\n  format: json\n")
        #expect(eventually { (try? Data(contentsOf: log).isEmpty) == false })
        try FileManager.default.moveItem(at: log, to: directory.file("m.log.1"))
        server.signal(SIGHUP)
        #expect(eventually { (try? Data(contentsOf: log).isEmpty) == false })
        let lines = try String(contentsOf: directory.file("m.log.1"), encoding: .utf8).split(separator: "\n")
        for line in lines {
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) is [String: Any], "\(line)")
        }
    }
}
