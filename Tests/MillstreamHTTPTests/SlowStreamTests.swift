// Streams whose peers do not take what they are sent: what is kept of it, that it leaves whole and in order, and when the wait ends.

import MillstreamHTTP
import Testing

@Suite struct SlowStreamTests {
    @Test func slowReaderKeepsOnePayloadAndDrains() throws {
        let server = try TestServer()
        let client = try server.openStream(receiveBufferBytes: 4_096)
        let count = server.onLoop { application -> Int in
            let payload = StreamPayload(body: [UInt8](repeating: 97, count: 100_000))
            for index in 0... where application.server?.streams.send(payload, to: application.streams[0]) != .sent {
                return index + 1
            }
            return 0
        }
        #expect(server.onLoop { $0.server?.streams.stats.blocked } == 1)
        #expect(server.onLoop { $0.server?.streams.send(StreamPayload(body: [1]), to: $0.streams[0]) } == .pending)
        _ = try client.read(through: "data: {}\n\n\r\n")
        let expected = Array("186a0\r\n".utf8) + [UInt8](repeating: 97, count: 100_000) + Array("\r\n".utf8)
        for _ in 0..<count { #expect(try client.read(count: expected.count) == expected) }
        #expect(server.waitUntil { $0.drained == [$0.streams[0]] })
        #expect(server.onLoop { $0.server?.streams.stats.blocked } == 0)
        #expect(server.onLoop { $0.server?.streams.send(StreamPayload(body: [1]), to: $0.streams[0]) } == .sent)
    }

    @Test func bytesForOneStreamAreFramedAndKeptWhenTheSocketIsFull() throws {
        let server = try TestServer()
        let client = try server.openStream(receiveBufferBytes: 4_096)
        let body = [UInt8](repeating: 97, count: 8_000)
        let count = server.onLoop { application -> Int in
            for index in 0... {
                let outcome = body.withUnsafeBytes {
                    application.server?.streams.send(body: $0, to: application.streams[0])
                }
                if outcome != .sent { return index + 1 }
            }
            return 0
        }
        #expect(server.onLoop { $0.server?.streams.stats.blocked } == 1)
        _ = try client.read(through: "data: {}\n\n\r\n")
        let expected = Array("1f40\r\n".utf8) + body + Array("\r\n".utf8)
        for _ in 0..<count { #expect(try client.read(count: expected.count) == expected) }
        #expect(server.waitUntil { $0.drained == [$0.streams[0]] })
        // More than the table's scratch memory holds goes as a payload.
        let long = [UInt8](repeating: 98, count: 20_000)
        let outcome = server.onLoop { application in
            long.withUnsafeBytes { application.server?.streams.send(body: $0, to: application.streams[0]) }
        }
        #expect(outcome == .sent || outcome == .pending)
        #expect(try client.read(count: 20_008) == Array("4e20\r\n".utf8) + long + Array("\r\n".utf8))
    }

    @Test func finishOfASlowReaderComesAfterWhatIsPending() throws {
        for final in ["data: end\n\n", nil] {
            let server = try TestServer()
            let client = try server.openStream(receiveBufferBytes: 4_096)
            server.onLoop { application in
                let payload = StreamPayload(body: [UInt8](repeating: 97, count: 4 << 20))
                while application.server?.streams.send(payload, to: application.streams[0]) == .sent {}
                application.server?.streams.finish(
                    application.streams[0], final: final.map { StreamPayload(body: Array($0.utf8)) })
            }
            let text = try client.readToEnd()
            #expect(text.hasSuffix(final == nil ? "aaa\r\n0\r\n\r\n" : "aaa\r\nb\r\ndata: end\n\n\r\n0\r\n\r\n"))
            client.close()
            #expect(server.waitUntil { $0.closed.values.first == .finished })
        }
    }

    @Test func hugeFinalEventArrivesWhole() throws {
        let server = try TestServer()
        let client = try server.openStream(receiveBufferBytes: 4_096)
        server.onLoop {
            $0.server?.streams.finish($0.streams[0], final: StreamPayload(body: [UInt8](repeating: 98, count: 8 << 20)))
        }
        let text = try client.readToEnd()
        #expect(text.hasSuffix("bbb\r\n0\r\n\r\n"))
        #expect(text.utf8.count { $0 == UInt8(ascii: "b") } >= 8 << 20)
    }

    @Test func outputWithoutProgressEndsTheStream() throws {
        var settings = HTTPServerSettings()
        settings.stallTimeoutMs = 100
        let server = try TestServer(settings)
        let client = try server.openStream(receiveBufferBytes: 4_096)
        server.onLoop { application in
            let payload = StreamPayload(body: [UInt8](repeating: 97, count: 4 << 20))
            while application.server?.streams.send(payload, to: application.streams[0]) == .sent {}
        }
        #expect(server.waitUntil { [.stalled, .peerClosed].contains($0.closed.values.first) })
        withExtendedLifetime(client) {}
    }
}
