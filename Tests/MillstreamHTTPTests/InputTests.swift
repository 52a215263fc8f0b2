import Glibc
import MillstreamHTTP
import Testing

// How the guard reads: what is there when the connection is accepted, what comes later, and how it ends.

@Suite struct InputTests {
    @Test func requestThatComesWithTheConnectionIsAnswered() throws {
        let server = try TestServer()
        var client: Client?
        try server.whileLoopWaits {
            client = try server.connect()
            try client?.request("GET /hello")
        }
        #expect(try client?.readResponse().text == "hello\n")
        try client?.request("GET /target?again")
        #expect(try client?.readResponse().text == "/target|again|test")
    }

    @Test func streamsThatAreAskedForWithTheConnectionBeginAtOnce() throws {
        let server = try TestServer()
        var clients: [Client] = []
        try server.whileLoopWaits {
            for _ in 0..<50 {
                let client = try server.connect()
                try client.request("GET /stream")
                clients.append(client)
            }
        }
        for client in clients { _ = try client.read(through: "data: {}\n\n\r\n") }
        #expect(server.onLoop { $0.streams.count } == 50)
        #expect(server.onLoop { $0.server?.metrics.openConnections } == 0)
        clients.removeAll()
        #expect(server.waitUntil { $0.closeCount == 50 })
    }

    @Test func streamWhoseRequestComesInPiecesBegins() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("GET /stream HTTP/1.1\r\nHo")
        #expect(server.waitUntil { ($0.server?.metrics.bytesIn ?? 0) > 0 })
        try client.send("st: a\r\n\r\n")
        _ = try client.read(through: "data: {}\n\n\r\n")
        // Its socket has another number now; an event of the old one must not reach whoever has that.
        for _ in 0..<20 {
            let other = try server.connect()
            try other.request("GET /hello")
            #expect(try other.readResponse().status == 200)
        }
        server.onLoop { application in
            _ = application.server?.streams.send(StreamPayload(body: Array("more".utf8)), to: application.streams[0])
        }
        _ = try client.read(through: "more\r\n")
        client.close()
        #expect(server.waitUntil { $0.closed[$0.streams[0]] == .peerClosed })
    }

    @Test func lateStreamOfAWatchedConnectionBegins() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.request("GET /hello")
        #expect(try client.readResponse().status == 200)
        try client.request("GET /late-stream")
        #expect(server.waitUntil { $0.parked.count == 1 })
        server.onLoop { application in
            guard let exchange = application.server?.exchange(application.parked[0]) else { return }
            application.beginStream(exchange)
        }
        _ = try client.read(through: "data: {}\n\n\r\n")
        client.close()
        #expect(server.waitUntil { $0.closeCount == 1 })
    }

    @Test func connectionThatEndsBeforeItIsAcceptedIsForgotten() throws {
        let server = try TestServer()
        try server.whileLoopWaits {
            try server.connect().close()
            try server.connect().reset()
            let partial = try server.connect()
            try partial.send("GET /hel")
            partial.close()
        }
        #expect(server.waitUntil { $0.server?.metrics.closed == 3 })
        #expect(server.onLoop { $0.server?.metrics.openConnections } == 0)
    }

    @Test func halfCloseWithTheRequestIsAnswered() throws {
        let server = try TestServer()
        var clients: [Client] = []
        try server.whileLoopWaits {
            for _ in 0..<2 {
                let client = try server.connect()
                try client.request("POST /park-body", ["Content-Length: 4"], body: "body")
                client.finishSending()
                clients.append(client)
            }
        }
        #expect(server.waitUntil { $0.left.count == 2 })
        server.onLoop { application in
            for id in application.parked { application.reply(id, "seen") }
        }
        for client in clients {
            let response = try client.readResponse()
            #expect(response.text == "seen")
            #expect(response["connection"] == "close")
            #expect(try client.isClosedByServer())
        }
    }

    @Test func halfClosedClientWithAPartOfARequestBehindItsRequestIsClosed() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("GET /park HTTP/1.1\r\nHost: a\r\n\r\nGET /hel")
        client.finishSending()
        #expect(server.waitUntil { $0.left.count == 1 })
        server.onLoop { $0.reply($0.parked[0], "first") }
        #expect(try client.readResponse().text == "first")
        #expect(try client.isClosedByServer())
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 0 })
    }

    @Test(arguments: ["Z", "-1\r\n", "3\r\nabcd"])
    func halfClosedClientWithABadBodyBehindItsRequestIsRefusedAndClosed(chunk: String) throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send("GET /park HTTP/1.1\r\nHost: a\r\n\r\n")
        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
        client.finishSending()
        #expect(server.waitUntil { $0.left.count == 1 })
        server.onLoop { $0.reply($0.parked[0], "first") }
        #expect(try client.readResponse().text == "first")
        _ = try client.readResponse()
        #expect(try client.isClosedByServer())
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 0 })
    }

    @Test func pipeliningPastTheBoundIsCountedOnceAndDrained() throws {
        var settings = HTTPServerSettings()
        settings.maxPipelinedBytes = 256
        let server = try TestServer(settings)
        let client = try server.connect()
        try client.request("GET /park")
        #expect(server.waitUntil { $0.parked.count == 1 })
        let head = server.onLoop { $0.server?.metrics.bytesIn ?? 0 }
        // As much as the bound waits in the server; one byte more is read, to learn that there is more.
        let requests = Array(String(repeating: "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", count: 200).utf8)
        try client.send(Array(requests[..<256]))
        #expect(server.waitUntil { ($0.server?.metrics.bytesIn ?? 0) == head + 256 })
        #expect(server.onLoop { $0.server?.metrics.boundHits[.pipelinedBytes] } == nil)
        try client.send(Array(requests[256...]))
        #expect(server.waitUntil { $0.server?.metrics.boundHits[.pipelinedBytes] == 1 })
        #expect(server.onLoop { $0.server?.metrics.bytesIn } == head + 257)
        server.onLoop { $0.reply($0.parked[0], "parked") }
        #expect(try client.readResponse().text == "parked")
        for _ in 0..<200 { #expect(try client.readResponse().text == "hello\n") }
        client.finishSending()
        #expect(try client.isClosedByServer())
    }

    @Test func excessThatSendsWithTheConnectionGets503() throws {
        var settings = HTTPServerSettings()
        settings.maxConnections = 1
        settings.lingerTimeoutMs = 600_000
        let server = try TestServer(settings)
        let first = try server.connect()
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 1 })
        var excess: Client?
        try server.whileLoopWaits {
            excess = try server.connect()
            try excess?.request("GET /hello")
        }
        #expect(try excess?.readResponse().status == 503)
        #expect(try excess?.isClosedByServer() == true)
        withExtendedLifetime(first) {}
    }

    /// Its first bytes are all that is waited for, and may not tell yet whether it wants a body.
    @Test func excessThatBeginsLikeHeadGets503WithoutABody() throws {
        var settings = HTTPServerSettings()
        settings.maxConnections = 1
        settings.lingerTimeoutMs = 600_000
        let server = try TestServer(settings)
        let first = try server.connect()
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 1 })
        for (text, isBare) in [("HE", true), ("HEAD /hello HTTP/1.1\r\n", true), ("GE", false)] {
            let excess = try server.connect()
            try excess.send(text)
            let response = try excess.readResponse(hasBody: !isBare)
            #expect(response.status == 503, "\(text)")
            #expect(response.body.isEmpty == isBare, "\(text)")
            #expect(try excess.isClosedByServer(), "\(text)")
        }
        withExtendedLifetime(first) {}
    }

    /// Who is accepted together with others behind it has its place; they are not counted against it.
    @Test func ofABurstPastTheLimitTheFirstAreServed() throws {
        var settings = HTTPServerSettings()
        settings.maxConnections = 5
        let server = try TestServer(settings)
        var clients: [Client] = []
        try server.whileLoopWaits {
            for _ in 0..<20 {
                let client = try server.connect()
                try client.request("GET /hello")
                clients.append(client)
            }
        }
        let statuses = try clients.map { try $0.readResponse().status }
        #expect(statuses == Array(repeating: 200, count: 5) + Array(repeating: 503, count: 15))
    }
}
