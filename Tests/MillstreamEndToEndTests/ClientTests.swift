// Clients and proxies that exist, unchanged. Liveness is proved causally: the program says n+1 only after the client, behind its
// proxy, has acknowledged n.

import Foundation
import Testing

@Suite(.serialized) struct ClientTests {
    private static let files = [
        "ack.sh": """
        #!/bin/sh
        read -r start
        for n in 1 2 3 4 5; do
          echo "{\\"event\\":\\"step\\",\\"data\\":$n}"
          read -r acknowledgement
        done

        """
    ]
    private static let configuration = """
        kinds:
          ack:
            worker: { exec: ["./ack.sh"] }
        streams:
          retry: 100ms
          retry_spread: 0s

        """

    static func server() throws -> ServerProcess {
        try ServerProcess(["--demo"], configuration: configuration, files: files)
    }

    private func run(_ client: String, _ server: ServerProcess, through port: UInt16) throws {
        guard let python = Requirement.clientPython() else { return }
        let job = try server.client.start("ack")
        let script = ServerProcess.packageRoot.appendingPathComponent(
            "Tests/MillstreamEndToEndTests/Clients/stream_client.py")
        let result = try FinishedProgram.run(python, [script.path, client, "http://127.0.0.1:\(port)", job])
        #expect(result.status == 0, "\(client): \(result.output)\(result.errors)")
    }

    @Test(arguments: ["httpx-sse", "sseclient-py", "requests-sse", "node-eventsource", "curl", "curl-gzip"])
    func aClientSeesEachEventLiveOnceAndInOrder(client: String) throws {
        if client == "node-eventsource" { guard Requirement.program("node") != nil else { return } }
        if client.hasPrefix("curl") { guard Requirement.program("curl") != nil else { return } }
        let server = try Self.server()
        try run(client, server, through: server.port)
    }

    @Test(arguments: Proxy.Kind.allCases) func aProxyHoldsNothingBack(kind: Proxy.Kind) throws {
        let server = try Self.server()
        guard let proxy = try Proxy(kind, to: server.port) else { return }
        for client in ["curl", "curl-gzip", "httpx-sse", "node-eventsource"] {
            try run(client, server, through: proxy.port)
        }
    }

    /// Many events at once keep their order and their number through the proxy too, and so does a channel without an end.
    @Test(arguments: Proxy.Kind.allCases) func aProxyPassesABurst(kind: Proxy.Kind) throws {
        let server = try Self.server()
        guard let proxy = try Proxy(kind, to: server.port) else { return }
        let input = "{\"steps\":2000,\"interval_ms\":0,\"data_bytes\":500}"
        let id = try server.client.start("demo.steps", input: input)
        let through = try TestStream(port: proxy.port, path: "/v1/jobs/\(id)/events")
        #expect(through.headers["content-type"] == "text/event-stream")
        let events = try through.rest()
        #expect(events.sequences == Array(1...2001))
        #expect(events.terminal.count == 1)
    }

    @Test func aClosedReaderBehindAProxyIsNoticed() throws {
        let server = try Self.server()
        guard let proxy = try Proxy(.nginx, to: server.port) else { return }
        var stream: TestStream? = try TestStream(port: proxy.port, path: "/v1/events?channel=c")
        #expect(stream?.status == 200)
        stream = nil
        let isGone = try eventually {
            try server.client.get("/metrics").text.contains("millstream_streams_open 0\n")
        }
        #expect(isGone)
    }

    /// Any status but 200 ends a browser's EventSource for good.
    @Test(arguments: Proxy.Kind.shipped)
    func aStoppedServerBehindAShippedFileIsAStreamThatSaysWhenToComeBack(kind: Proxy.Kind) throws {
        let server = try Self.server()
        guard let proxy = try Proxy(kind, to: server.port) else { return }
        let job = try server.client.start("ack")
        server.kill9()
        // An encoded letter is the letter, for the server and so for what stands in front of it.
        for path in ["/v1/jobs/\(job)/events", "/v1/events?channel=c", "/v1/%65vents?channel=c"] {
            let away = try proxy.client.get(path)
            #expect(away.status == 200)
            #expect(away.headers["content-type"] == "text/event-stream")
            #expect(away.headers["cache-control"]?.contains("no-store") == true)
            #expect(away.text.hasPrefix("event: closing\nretry: 3000\ndata: {"))
            #expect(away.text.hasSuffix("}\n\n"))
        }
        let events = "/v1/jobs/\(job)/events"
        let refused = try proxy.client.get("/v1/jobs/\(job)").status
        #expect([502, 503].contains(refused))
        #expect(try proxy.client.post(events, json: "{\"event\":\"e\"}").status == refused)
        #expect(try proxy.client.request("HEAD", events).status == refused)
        #expect(try proxy.client.get(events, ["Accept": "application/json"]).status == refused)
        try server.start()
        let back = try TestStream(port: proxy.port, path: events)
        #expect(try back.rest().terminal.map(\.name) == ["failed"], "a crash fails a job of this kind")
        #expect(try proxy.client.get("/v1/jobs/nobody/events").status == 404, "the server's own answers stay")
    }

    /// Exact bytes: what parsers that know less than the standard depend on.
    @Test func theBytesAreThoseOfTheContract() throws {
        let server = try Self.server()
        let id = try server.client.start("ack")
        let stream = try TestStream(port: server.port, path: "/v1/jobs/\(id)/events", keepsRaw: true)
        for n in 1...5 {
            try stream.until("step")
            try server.client.give(id, input: "\(n)")
        }
        _ = try stream.rest()
        let text = String(decoding: stream.raw, as: UTF8.self)
        #expect(!text.contains("\r"))
        #expect(text.hasPrefix("event: status\n"))
        #expect(text.contains("retry: "))
        let blocks = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        for block in blocks {
            let fields = block.split(separator: "\n").filter { !$0.hasPrefix(":") }.map { $0.prefix { $0 != ":" } }
            #expect(fields.contains("data"), "a block without data makes some parsers dispatch nothing: \(block)")
            #expect(fields.contains("event"))
        }
        #expect(blocks.filter { $0.contains("event: step\n") }.allSatisfy { $0.hasPrefix("id: ") })
    }
}
