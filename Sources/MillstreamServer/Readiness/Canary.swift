// Readiness as a client would find it: publishes an event over HTTP and sees it come back on a stream that was opened over HTTP.
// Runs on a thread of its own, made at the start; the loop only starts it and gets its verdict through the mailbox.

import Glibc
import MillstreamHTTP
import MillstreamLoop
import MillstreamSSE

/// One probe at a time. A value; each run opens and closes its own two connections.
struct Canary: Sendable {
    /// Channel of the probe's own events; retention keeps it short like any other.
    static let channel = "_millstream.canary"
    /// The header by which the server knows its own probe: bounds that keep peers out let it in, because a full server is ready.
    static let passName = "x-millstream-canary"
    /// Its value, which nobody else knows.
    static let pass = Array("\(UInt64.random(in: .min ... .max))-\(UInt64.random(in: .min ... .max))".utf8)
    /// From start to verdict.
    static let timeoutMs: UInt64 = 2000

    private let address: LoopbackSocket.Address
    private let queue = SerialThread(name: "canary")

    /// Where the server listens.
    init(address: ListenAddress) {
        switch address {
        case .tcp(let host, let port): self.address = .tcp(host: host, port: port)
        case .unix(let path): self.address = .unix(path: path)
        }
    }

    /// `verdict` is nil when the event came back, else why it did not. Called on the probe's thread.
    func fly(number: UInt64, _ verdict: @escaping @Sendable (String?) -> Void) {
        queue.async {
            do throws(LoopbackSocket.Failure) {
                try probe(mark: "canary-\(getpid())-\(number)")
                verdict(nil)
            } catch {
                verdict(error.reason)
            }
        }
    }

    private static let headers = "Host: localhost\r\n\(passName): \(String(decoding: pass, as: UTF8.self))\r\n"

    private func probe(mark: String) throws(LoopbackSocket.Failure) {
        let deadline = LoopbackSocket.monotonicNs() + Self.timeoutMs * 1_000_000
        let stream = try LoopbackSocket(address, deadlineNs: deadline)
        try stream.send(
            "GET /v1/events?channel=\(Self.channel) HTTP/1.1\r\n\(Self.headers)Accept: text/event-stream\r\n\r\n")
        var received: [UInt8] = []
        // The first heartbeat says that the stream is subscribed; what is published from now on must arrive.
        try wait(for: SSEEncoder.heartbeat, on: stream, &received, stage: "stream")
        let body = "{\"event\":\"canary\",\"data\":\"\(mark)\"}"
        let publisher = try LoopbackSocket(address, deadlineNs: deadline)
        try publisher.send(
            "POST /v1/channels/\(Self.channel)/events HTTP/1.1\r\n\(Self.headers)Connection: close\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        var answer: [UInt8] = []
        try wait(for: Array("\r\n".utf8), on: publisher, &answer, stage: "publish")
        let status = String(decoding: answer.prefix(12), as: UTF8.self)
        guard status == "HTTP/1.1 200" else { throw LoopbackSocket.Failure(reason: "publish: \(status)") }
        try wait(for: Array("\"\(mark)\"".utf8), on: stream, &received, stage: "delivery")
    }

    private func wait(
        for needle: [UInt8], on socket: LoopbackSocket, _ bytes: inout [UInt8], stage: String
    ) throws(LoopbackSocket.Failure) {
        do throws(LoopbackSocket.Failure) {
            while !Self.contains(bytes, needle) {
                guard bytes.count < 1 << 20 else { throw LoopbackSocket.Failure(reason: "too much came back") }
                guard try socket.receive(into: &bytes) else { throw LoopbackSocket.Failure(reason: "connection ended") }
            }
        } catch {
            throw LoopbackSocket.Failure(reason: "\(stage): \(error.reason)")
        }
    }

    private static func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
        guard bytes.count >= needle.count else { return false }
        return (0...(bytes.count - needle.count)).contains { start in
            bytes[start..<(start + needle.count)].elementsEqual(needle)
        }
    }
}
