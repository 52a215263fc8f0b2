// An open event stream as a client sees it.

import Foundation
import MillstreamSSE

/// For one thread at a time.
final class TestStream {
    let status: Int
    let headers: [String: String]
    /// Whether the server ended the chunked reply properly.
    private(set) var endedCleanly = false
    private(set) var isAtEnd = false
    /// All bytes of the body so far; only kept when asked for.
    private(set) var raw: [UInt8] = []

    let connection: TestConnection
    private let keepsRaw: Bool
    private var decoder = ChunkDecoder()
    private var parser = SSEParser()
    private var waiting: ArraySlice<ServerSentEvent> = []

    init(
        port: UInt16, path: String, headers: [String: String] = [:], receiveBufferBytes: Int32? = nil,
        keepsRaw: Bool = false
    ) throws {
        connection = try TestConnection(port: port, receiveBufferBytes: receiveBufferBytes)
        self.keepsRaw = keepsRaw
        var head = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAccept: text/event-stream\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        try connection.send(head + "\r\n")
        (status, self.headers) = try connection.readHead()
        if status == 204 { isAtEnd = true }
    }

    /// The next event; nil at the end of the stream. Throws when nothing comes for 30 s, or nothing but heartbeats for 60 s.
    func next() throws -> ServerSentEvent? {
        let deadline = Deadline()
        while waiting.isEmpty {
            if isAtEnd { return nil }
            let bytes = try connection.receive()
            if bytes.isEmpty {
                isAtEnd = true
                continue
            }
            try deadline.check()
            let body = decoder.decode(bytes)
            if keepsRaw { raw += body }
            parser.push(body) { waiting.append($0) }
            if decoder.isAtEnd {
                endedCleanly = true
                isAtEnd = true
            }
        }
        return waiting.popFirst()
    }

    /// Everything to the end of the stream.
    func rest() throws -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        while let event = try next() { events.append(event) }
        return events
    }

    /// Up to and including the first event of that name.
    @discardableResult
    func until(_ name: String) throws -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        while let event = try next() {
            events.append(event)
            if event.name == name { return events }
        }
        let last = events.last?.data.prefix(1000) ?? ""
        throw TestFailure("the stream ended without \(name): \(events.map(\.name)), the last one \(last)")
    }
}
