// A socket as a stream: how it begins, what is sent on it, and how it ends, from either side.

import Glibc
import MillstreamHTTP
import MillstreamLoop
import Testing

@Suite struct StreamTests {
    @Test func headAndFirstEventLeaveInOneSend() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send(TestServer.streamRequest)
        let text = try client.read(through: "data: {}\n\n\r\n")
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.contains("\r\nContent-Type: text/event-stream\r\n"))
        #expect(text.contains("\r\nTransfer-Encoding: chunked\r\n"))
        #expect(text.contains("\r\nConnection: close\r\n"))
        #expect(text.hasSuffix("\r\n\r\n18\r\nevent: status\ndata: {}\n\n\r\n"))
        #expect(server.onLoop { $0.server?.streams.stats.sends } == 1)
        #expect(server.onLoop { $0.server?.metrics.openConnections } == 0)
    }

    @Test func headLeavesAtTheEndOfTheTickWhenNothingIsSent() throws {
        let server = try TestServer()
        server.onLoop { $0.greeting = nil }
        let client = try server.connect()
        try client.send(TestServer.streamRequest)
        #expect(try client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func streamCanBeginLater() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("GET /late-stream")
        #expect(server.waitUntil { $0.parked.count == 1 })
        server.onLoop { application in
            guard let exchange = application.server?.exchange(application.parked[0]) else { return }
            application.beginStream(exchange)
        }
        #expect(try client.read(through: "data: {}\n\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func oldVersionGetsAStreamWithoutChunks() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let head = try client.read(through: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.0 200 OK\r\n"))
        #expect(!head.contains("chunked"))
        #expect(!head.contains("Content-Length"))
        #expect(try client.read(through: "\n\n") == "event: status\ndata: {}\n\n")
        server.onLoop {
            $0.server?.streams.finish($0.streams[0], final: StreamPayload(body: Array("data: end\n\n".utf8)))
        }
        #expect(try client.readToEnd() == "data: end\n\n")
    }

    @Test func finishSendsTheLastEventAndTheLastChunk() throws {
        var settings = HTTPServerSettings()
        settings.lingerTimeoutMs = 600_000
        let server = try TestServer(settings)
        let client = try server.openStream()
        _ = try client.read(through: "data: {}\n\n\r\n")
        server.onLoop {
            $0.server?.streams.finish($0.streams[0], final: StreamPayload(body: Array("data: end\n\n".utf8)))
        }
        #expect(try client.readToEnd() == "b\r\ndata: end\n\n\r\n0\r\n\r\n")
        // The server waits for our close.
        #expect(server.onLoop { $0.closed.isEmpty })
        client.close()
        #expect(server.waitUntil { $0.closed == [$0.streams[0]: .finished] })
        #expect(server.onLoop { $0.server?.streams.count } == 0)
    }

    @Test func streamCanEndInTheTickOfItsBeginning() throws {
        let server = try TestServer()
        server.onLoop { $0.greeting = nil }
        let client = try server.connect()
        try client.request("GET /late-stream")
        #expect(server.waitUntil { $0.parked.count == 1 })
        server.onLoop { application in
            guard let exchange = application.server?.exchange(application.parked[0]),
                let id = application.beginStream(exchange)
            else { return }
            application.server?.streams.finish(id, final: StreamPayload(body: Array("data: end\n\n".utf8)))
        }
        #expect(try client.readToEnd().hasSuffix("\r\n\r\nb\r\ndata: end\n\n\r\n0\r\n\r\n"))
        #expect(server.onLoop { $0.server?.streams.stats.sends } == 1)
    }

    @Test func finishWaitsNoLongerThanItsLimitForThePeer() throws {
        var settings = HTTPServerSettings()
        settings.lingerTimeoutMs = 50
        let server = try TestServer(settings)
        let client = try server.openStream()
        server.onLoop { $0.server?.streams.finish($0.streams[0]) }
        #expect(server.waitUntil { $0.closed.values.first == .finished })
        withExtendedLifetime(client) {}
    }

    @Test(arguments: ["close", "half-close", "reset"])
    func peerThatLeavesIsNoticedAtOnce(how: String) throws {
        let server = try TestServer()
        let client = try server.openStream()
        switch how {
        case "close": client.close()
        case "half-close": client.finishSending()
        default: client.reset()
        }
        #expect(server.waitUntil { $0.closed == [$0.streams[0]: .peerClosed] })
        #expect(server.onLoop { $0.server?.streams.send(StreamPayload(body: [1]), to: $0.streams[0]) } == .gone)
    }

    @Test func sendToAPeerThatResetReportsOnce() throws {
        let server = try TestServer()
        let client = try server.openStream()
        let descriptor = client.descriptor
        let outcome = server.onLoop { application -> (SendOutcome?, Int) in
            Client.reset(descriptor)
            var first: SendOutcome?
            // Until the reset has come through the kernel, the socket takes what it is given.
            repeat {
                first = application.server?.streams.send(StreamPayload(body: [1]), to: application.streams[0])
            } while first == .sent
            // Not from within the call.
            return (first, application.closeCount)
        }
        client.forget()
        #expect(outcome.0 == .gone)
        #expect(outcome.1 == 0)
        #expect(server.waitUntil { $0.closeCount == 1 })
        #expect(server.onLoop { $0.closed == [$0.streams[0]: .peerClosed] })
    }

    @Test func inputOnAStreamIsDroppedAndBounded() throws {
        let server = try TestServer()
        let client = try server.openStream()
        // Requests behind an open stream never run.
        try client.send(String(repeating: "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", count: 100))
        #expect(server.onLoop { $0.answered } == ["/stream"])
        #expect(server.onLoop { $0.closed.isEmpty })
        for _ in 0..<100 { try? client.send([UInt8](repeating: 0, count: 8_192)) }
        #expect(server.waitUntil { $0.closed.values.first == .flooded })
    }

    @Test func requestsPipelinedWithTheStreamNeverRun() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send(TestServer.streamRequest + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.read(through: "data: {}\n\n\r\n")
        server.onLoop { $0.server?.streams.finish($0.streams[0]) }
        #expect(try client.readToEnd() == "0\r\n\r\n")
        #expect(server.onLoop { $0.answered } == ["/stream"])
    }

    @Test func abortEndsAtOnceAndReportsOnce() throws {
        let server = try TestServer()
        let client = try server.openStream()
        _ = try client.read(through: "data: {}\n\n\r\n")
        server.onLoop { $0.server?.streams.abort($0.streams[0]) }
        #expect(try client.readToEnd() == "")
        #expect(server.waitUntil { $0.closed == [$0.streams[0]: .aborted] })
        #expect(server.onLoop { $0.closeCount } == 1)
    }

    @Test func staleIdNamesNothing() throws {
        let server = try TestServer()
        let first = try server.openStream()
        first.close()
        #expect(server.waitUntil { $0.closeCount == 1 })
        let second = try server.openStream()
        let ids = server.onLoop { $0.streams }
        #expect(ids[0].slot == ids[1].slot)
        #expect(ids[0] != ids[1])
        server.onLoop { $0.server?.streams.abort($0.streams[0]) }
        #expect(server.onLoop { $0.server?.streams.send(StreamPayload(body: [1]), to: $0.streams[1]) } == .sent)
        withExtendedLifetime(second) {}
    }

    @Test func emptyPayloadDoesNotEndTheStream() throws {
        let server = try TestServer()
        let client = try server.openStream()
        _ = try client.read(through: "data: {}\n\n\r\n")
        #expect(server.onLoop { $0.server?.streams.send(StreamPayload(body: []), to: $0.streams[0]) } == .sent)
        #expect(
            server.onLoop { $0.server?.streams.send(StreamPayload(pieces: [[97], [], [98]]), to: $0.streams[0]) }
                == .sent)
        #expect(try client.read(through: "b\r\n") == "2\r\nab\r\n")
    }

    @Test func manyStreamsComeAndGo() throws {
        let server = try TestServer()
        var clients: [Client] = []
        for _ in 0..<200 { clients.append(try server.openStream()) }
        server.onLoop { application in
            let payload = StreamPayload(body: Array("data: x\n\n".utf8))
            for id in application.streams { _ = application.server?.streams.send(payload, to: id) }
        }
        for client in clients { _ = try client.read(through: "data: x\n\n\r\n") }
        for client in clients.shuffled() { client.close() }
        #expect(server.waitUntil { $0.closeCount == 200 })
        #expect(server.onLoop { $0.server?.streams.count } == 0)
    }

    @Test func acceptedSocketsInheritTheListenersOptions() throws {
        let server = try TestServer()
        let client = try server.openStream()
        var own = sockaddr_in()
        var ownSize = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutableBytes(of: &own) {
            getsockname(client.descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &ownSize)
        }
        let port = own.sin_port
        // The stream's descriptor is ours too: the test runs in the server's process, with whatever other tests have open.
        let found = server.onLoop { _ in
            TemporaryDirectory.entries(of: "/proc/self/fd").compactMap { Int32($0) }.contains { descriptor in
                var noDelay: Int32 = 0
                var timeout: Int32 = 0
                var size = socklen_t(4)
                var name = sockaddr_in()
                var nameSize = socklen_t(MemoryLayout<sockaddr_in>.size)
                let isPeer =
                    withUnsafeMutableBytes(of: &name) {
                        getpeername(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &nameSize)
                    } == 0
                guard isPeer, name.sin_port == port else { return false }
                getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, &size)
                getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &timeout, &size)
                return noDelay != 0 && timeout == 30_000
            }
        }
        #expect(found)
        withExtendedLifetime(client) {}
    }
}
