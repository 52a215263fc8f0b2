// The demo kinds: load tools rely on their exact words and numbers, and a newcomer on the transcription.

import Foundation
import Testing

@Suite(.serialized) struct DemoKindTests {
    @Test func stepsAreWhatTheContractSays() throws {
        let server = try ServerProcess()
        let id = try server.client.start("demo.steps", input: "{\"steps\":4,\"interval_ms\":5,\"data_bytes\":300}")
        let events = try server.client.events(id).rest()
        #expect(events.numbered.map(\.name) == ["progress", "progress", "progress", "progress", "completed"])
        var times: [Double] = []
        for (index, event) in events.named("progress").enumerated() {
            #expect(event.data.utf8.count == 300)
            #expect(event.object["step"] as? Int == index + 1)
            #expect(event.object["steps"] as? Int == 4)
            times.append(try #require(event.object["t"] as? Double))
        }
        #expect(times == times.sorted())
        let bare = try server.client.start("demo.steps")
        #expect(try server.client.events(bare).rest().named("progress").count == 13)
        let short = try server.client.start("demo.steps", input: "{\"steps\":1,\"data_bytes\":1}")
        #expect(try server.client.events(short).rest().named("progress").first?.object["step"] as? Int == 1)
    }

    @Test func aStepMayFailWithoutARetry() throws {
        let server = try ServerProcess()
        let id = try server.client.start("demo.steps", input: "{\"steps\":9,\"interval_ms\":1,\"fail_at\":3}")
        let events = try server.client.events(id).rest()
        #expect(events.numbered.map(\.name) == ["progress", "progress", "progress", "failed"])
        #expect(events.last?.object["attempt"] as? Int == 1)
    }

    @Test(arguments: [
        "{\"steps\":-1}", "{\"steps\":\"many\"}", "{\"interval_ms\":-5}", "[]", "5", "{\"steps\":1e300}",
        "{\"data_bytes\":1e18}", "{\"interval_ms\":9e99}", "{\"fail_at\":\"x\"}",
    ]) func anInputThatMakesNoSenseFailsTheJobAndNothingElse(input: String) throws {
        let server = try ServerProcess()
        let answer = try server.client.post("/v1/jobs", json: "{\"kind\":\"demo.steps\",\"input\":\(input)}")
        #expect(answer.status == 202 || answer.status == 422)
        if let id = answer.string("id"), answer.status == 202 {
            let stream = try server.client.events(id)
            try server.client.cancel(id)
            #expect(try stream.rest().terminal.count == 1)
        }
        #expect(try server.client.get("/livez").status == 200)
    }

    @Test func publishingGoesRoundTheChannels() throws {
        let server = try ServerProcess()
        let stream = try server.client.stream("/v1/events?channel=d-0&channel=d-1&channel=d-2")
        let input = "{\"channel\":\"d\",\"channels\":3,\"rate\":1000,\"count\":9,\"data_bytes\":120}"
        let id = try server.client.start("demo.publish", input: input)
        var byPlace: [Substring: [Int]] = [:]
        for _ in 1...9 {
            let event = try #require(try stream.next())
            #expect(event.name == "message")
            #expect(event.data.utf8.count == 120)
            #expect(event.object["t"] is Double)
            byPlace[event.id.prefix { $0 != "-" }, default: []].append(event.object["n"] as? Int ?? -1)
        }
        // Each log has its order; between logs there is none.
        #expect(byPlace.keys.sorted() == ["0", "1", "2"])
        #expect(byPlace.values.allSatisfy { $0.count == 3 && $0 == $0.sorted() })
        #expect(try server.client.events(id).rest().terminal.map(\.name) == ["completed"])
        let one = try server.client.stream("/v1/events?channel=single")
        _ = try server.client.start("demo.publish", input: "{\"channel\":\"single\",\"rate\":1000,\"count\":3}")
        for n in 1...3 { #expect(try one.next()?.sequence == n) }
    }

    @Test func atLeast4096StepsRunAtOnce() throws {
        let server = try ServerProcess()
        let body = "{\"kind\":\"demo.steps\",\"input\":{\"steps\":100000,\"interval_ms\":60000}}"
        let request =
            "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let connections = try (0..<64).map { _ in try TestConnection(port: server.port) }
        for _ in 0..<64 {
            for connection in connections { try connection.send(request) }
            for connection in connections { #expect(try connection.response().status == 202) }
        }
        let runs = try eventually {
            try server.client.get("/metrics").text.contains(
                "millstream_jobs{kind=\"demo.steps\",state=\"in_progress\"} 4096\n")
        }
        #expect(runs)
        let id = try server.client.start("demo.publish", input: "{\"channel\":\"c\",\"rate\":1000,\"count\":1}")
        #expect(try server.client.events(id).rest().terminal.count == 1)
    }

    private func hasTranscriber() -> Bool {
        Requirement.program("ffmpeg") != nil && Requirement.program("pocketsphinx_continuous") != nil
    }

    /// The README's main job: the recording that the set-up installed.
    @Test func aRealRecordingIsTranscribed() throws {
        guard hasTranscriber() else { return }
        let server = try ServerProcess()
        let id = try server.client.start("demo.transcribe")
        let stream = try server.client.events(id)
        let events = try stream.rest()
        #expect(events.last?.name == "completed", "\(events.last?.data ?? "")")
        #expect(events.named("progress").count >= 2)
        let positions = events.named("progress").compactMap { $0.object["progress"] as? Double }
        #expect(positions == positions.sorted() && positions.allSatisfy { 0...100 ~= $0 })
        let result = try #require(events.last?.object["result"])
        #expect("\(result)".count > 40, "\(result)")
    }

    /// Known words: "go forward ten meters".
    @Test func anUploadedRecordingIsTranscribed() throws {
        guard hasTranscriber(), let ffmpeg = Requirement.program("ffmpeg") else { return }
        let raw = "/usr/share/pocketsphinx/test/data/goforward.raw"
        let others = [
            "/usr/share/pocketsphinx/test/regression/goforward.raw", "/usr/share/pocketsphinx/testdata/goforward.raw",
        ]
        let found = ([raw] + others).first { FileManager.default.fileExists(atPath: $0) }
        guard let found else {
            _ = Requirement.isMet(false, "goforward.raw of pocketsphinx-testdata")
            return
        }
        let server = try ServerProcess()
        let file = server.files.file("speech.mp3")
        let made = try FinishedProgram.run(
            ffmpeg, ["-v", "error", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", found, file.path])
        #expect(made.status == 0, "\(made.errors)")
        let upload = try server.client.post(
            "/v1/uploads", Array(try Data(contentsOf: file)), ["Content-Type": "audio/mpeg"])
        let id = try server.client.start("demo.transcribe", input: "{\"upload\":\"\(upload.string("id") ?? "")\"}")
        let end = try #require(try server.client.events(id).rest().last)
        #expect(end.name == "completed", "\(end.data)")
        #expect(end.data.contains("forward"), "\(end.data)")
        let noise = try server.client.post("/v1/uploads", json: "this is no recording", ["Content-Type": "audio/mpeg"])
        let bad = try server.client.start("demo.transcribe", input: "{\"upload\":\"\(noise.string("id") ?? "")\"}")
        #expect(try server.client.events(bad).rest().last?.name == "failed")
    }
}
