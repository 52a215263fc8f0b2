// An open event stream as a client sees it.

import Foundation
import MillstreamSSE

final class TestStream {
    let status: Int
    let headers: [String: String]
    /// Whether the server ended the chunked reply properly.
    private(set) var endedCleanly = false
    private(set) var isAtEnd = false
    private(set) var raw: [UInt8] = []

    private let connection: TestConnection
    private var decoder = ChunkDecoder()
    private var parser = SSEParser()
    private var waiting: [ServerSentEvent] = []

    init(port: UInt16, path: String, headers: [String: String] = [:]) throws {
        connection = try TestConnection(port: port)
        var head = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAccept: text/event-stream\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        try connection.send(Array((head + "\r\n").utf8))
        (status, self.headers) = try connection.readHead()
    }

    /// The next event; nil at the end of the stream. Throws when nothing comes for 30 s.
    func next() throws -> ServerSentEvent? {
        while waiting.isEmpty {
            if isAtEnd { return nil }
            let bytes = try connection.receive()
            if bytes.isEmpty {
                isAtEnd = true
                continue
            }
            let body = decoder.decode(bytes)
            raw += body
            parser.push(body) { waiting.append($0) }
            if decoder.isAtEnd {
                endedCleanly = true
                isAtEnd = true
            }
        }
        return waiting.removeFirst()
    }

    /// Everything to the end of the stream.
    func rest() throws -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        while let event = try next() { events.append(event) }
        return events
    }

    /// Up to and including the first event of that name.
    func until(_ name: String) throws -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        while let event = try next() {
            events.append(event)
            if event.name == name { return events }
        }
        throw ServerProcess.Failure(description: "the stream ended without \(name): \(events.map(\.name))")
    }
}

extension Sequence where Element == ServerSentEvent {
    /// The events of the log, without `status`, `gap` and `closing`, which carry no number.
    var numbered: [ServerSentEvent] {
        filter { !["status", "gap", "closing"].contains($0.name) }
    }

    /// The numbers behind the dash of each id.
    var sequences: [Int] {
        numbered.compactMap { $0.id.split(separator: "-").last.flatMap { Int($0) } }
    }
}
