// What an operator looks at: liveness, readiness, figures, the page, the contract.

import Foundation
import Testing

@Suite struct MetricsTests {
    /// Prometheus text exposition, version 0.0.4: name, labels and value of each line.
    private func parse(_ text: String) throws -> [(name: String, labels: String, value: Double)] {
        let line = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (-?[0-9.eE+-]+|\+Inf|-Inf|NaN)$/
        var series: [(String, String, Double)] = []
        var typed: Set<String> = []
        for text in text.split(separator: "\n") {
            if text.hasPrefix("# TYPE ") {
                let fields = text.split(separator: " ")
                #expect(
                    fields.count == 4 && ["counter", "gauge", "histogram", "summary", "untyped"].contains(fields[3]))
                #expect(typed.insert(String(fields[2])).inserted, "one TYPE a name: \(text)")
                continue
            }
            if text.hasPrefix("#") { continue }
            guard let match = text.wholeMatch(of: line) else { throw TestFailure("no sample: \(text)") }
            series.append((String(match.1), String(match.2 ?? ""), Double(match.3) ?? .nan))
        }
        #expect(Set(series.map { $0.0 + $0.1 }).count == series.count, "each series once")
        return series
    }

    @Test func theFiguresAreThereAndCount() throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("demo.steps", input: "{\"steps\":5,\"interval_ms\":1}")
        _ = try server.client.events(id).rest()
        let open = try server.client.stream("/v1/events?channel=c")
        _ = try server.client.post("/v1/jobs", json: "{\"kind\":\"nope\"}")
        let answer = try server.client.get("/metrics")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"]?.hasPrefix("text/plain") == true)
        let series = try parse(answer.text)
        let names = Set(series.map(\.name))
        let expected = [
            "millstream_streams_open", "millstream_streams_opened_total", "millstream_events_total",
            "millstream_event_bytes_total", "millstream_emission_to_socket_seconds_bucket",
            "millstream_emission_to_socket_seconds_count", "millstream_journal_batch_commands_count",
            "millstream_journal_commit_seconds_count", "millstream_journal_room_seconds_count",
            "millstream_mailbox_depth", "millstream_tick_seconds_count",
            "millstream_jobs", "millstream_queue_age_seconds", "millstream_refusals_total",
        ]
        for name in expected { #expect(names.contains(name), "\(name)") }
        let value = { (name: String) in series.filter { $0.name == name }.map(\.value).reduce(0, +) }
        #expect(value("millstream_streams_open") == 1)
        #expect(value("millstream_streams_opened_total") >= 2)
        #expect(value("millstream_events_total") >= 6)
        #expect(value("millstream_emission_to_socket_seconds_count") > 0)
        #expect(value("millstream_journal_room_seconds_count") > 0)
        #expect(value("millstream_refusals_total") >= 1)
        #expect(answer.text.contains("reason=\"unknown-kind\""))
        #expect(open.status == 200)
    }

    /// By somebody else's parser, and with all families that come with use.
    @Test func prometheusReadsEachFamilyWithHelpTypeAndUnit() throws {
        guard let python = Requirement.clientPython() else { return }
        let server = try HeldKinds.server()
        let id = try server.client.start("demo.steps", input: "{\"steps\":2,\"interval_ms\":1}")
        _ = try server.client.events(id).rest()
        _ = try server.client.post("/v1/jobs", json: "{\"kind\":\"nope\"}")
        #expect(
            eventually {
                (try? server.client.get("/metrics").text.contains("millstream_streams_closed_total{")) == true
            })
        let script = ServerProcess.packageRoot.appendingPathComponent(
            "Tests/MillstreamEndToEndTests/Clients/exposition.py")
        let result = try FinishedProgram.run(python, [script.path, "http://127.0.0.1:\(server.port)"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test func readinessIsSeenThroughARealStream() throws {
        let server = try ServerProcess()
        for _ in 0..<3 {
            let ready = try server.client.get("/readyz")
            #expect(ready.status == 200, "\(ready.text)")
        }
        #expect(try server.client.get("/livez").status == 200)
        // The canary leaves no trace in anybody's list or stream.
        #expect((try server.client.get("/v1/jobs")["jobs"] as? [Any])?.isEmpty == true)
        let many = try (0..<20).map { _ in try server.client.begin("GET", "/readyz") }
        for connection in many { #expect(try connection.response().status == 200) }
    }

    /// The probe is no peer: bounds that keep others out do not make a server that works unready.
    @Test func aServerThatIsFullIsReady() throws {
        let server = try ServerProcess(configuration: "limits: { max_streams: 1, max_connections: 8 }\n")
        let stream = try server.client.stream("/v1/events?channel=c")
        #expect(stream.status == 200)
        let kept = try (0..<7).map { _ in try TestConnection(port: server.port) }
        for connection in kept {
            try connection.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try connection.response().status == 200)
        }
        #expect(try server.client.get("/livez").status == 503)
        try kept[0].send("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
        let ready = try kept[0].response()
        #expect(ready.status == 200, "\(ready.text)")
        #expect(try server.client.get("/livez").status == 503, "for everybody else it is full")
    }

    @Test func thePageComesWithAllItsParts() throws {
        let server = try ServerProcess()
        let page = try server.client.get("/")
        #expect(page.status == 200)
        #expect(page.headers["content-type"]?.hasPrefix("text/html") == true)
        #expect(page.headers["content-security-policy"]?.contains("default-src") == true)
        #expect(page.headers["x-content-type-options"] == "nosniff")
        let parts = page.text.matches(of: /(?:src|href)="([^"#]+)"/).map { String($0.1) }
        #expect(!parts.isEmpty)
        for part in parts where !part.hasPrefix("/v1/") && !part.hasPrefix("data:") {
            #expect(!part.contains("//"), "nothing from elsewhere: \(part)")
            #expect(try server.client.get(part.hasPrefix("/") ? part : "/" + part).status == 200, "\(part)")
        }
    }

    @Test func aTokenIsNeverLogged() throws {
        let server = try ServerProcess(configuration: "log:\n  level: trace\n")
        let headers = ["Authorization": "Bearer secret-token-1", "Cookie": "session=secret-token-2"]
        _ = try server.client.get("/v1/jobs?token=secret-token-3", headers)
        _ = try server.client.stream("/v1/events?channel=c&access_token=secret-token-4", headers)
        _ = try server.client.get("/nothing?token=secret-token-5", headers)
        _ = try server.client.post("/v1/jobs?token=secret-token-6", json: "{", headers)
        server.signal(SIGTERM)
        try server.waitForExit()
        #expect(!server.log.contains("secret-token"), "\(server.log)")
    }

    @Test func eachRefusalCanBeFoundByItsRequestId() throws {
        let server = try ServerProcess(configuration: "log:\n  level: debug\n")
        let answer = try server.client.get("/v1/jobs/none")
        let id = try #require(answer.string("request_id"))
        #expect(!id.isEmpty)
        #expect(answer.headers["x-request-id"] == id)
        #expect(eventually { server.log.contains(id) })
    }
}
