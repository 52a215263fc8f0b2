import MillstreamHTTP
import MillstreamLoop

// The application that tests put behind the server. Everything is on the loop's thread; tests reach it through
// TestServer.onLoop.

final class TestApplication: HTTPApplication, StreamTableDelegate {
    let loop: EventLoop
    var server: HTTPServer?
    var uploadDirectory = "/tmp"
    /// Exchanges of /park, which wait for the test.
    var parked: [ExchangeID] = []
    var left: [ExchangeID] = []
    var answered: [String] = []
    var streams: [StreamID] = []
    var drained: [StreamID] = []
    var closed: [StreamID: StreamCloseReason] = [:]
    var closeCount = 0
    var onDrain: ((StreamID) -> Void)?
    var greeting: [UInt8]? = Array("event: status\ndata: {}\n\n".utf8)
    var keptUploads: [UploadedFile] = []
    var ignoresUploads = false

    init(loop: EventLoop) {
        self.loop = loop
    }

    func route(_ head: RequestHead) -> BodyRule {
        switch head.path {
        case "/hello", "/park", "/stream", "/late-stream", "/big", "/closing", "/odd-headers", "/empty", "/target", "/",
            "*":
            .none
        case "/echo": .buffer(maxBytes: 64 * 1_024, contentTypes: [])
        case "/park-body": .buffer(maxBytes: 1 << 20, contentTypes: [])
        case "/json": .buffer(maxBytes: 1_024, contentTypes: ["application/json"])
        case "/upload": .file(maxBytes: 1 << 20, directory: uploadDirectory, budget: nil)
        case "/get-only":
            head.method == .get ? .none : .refuse(Self.problem(405, "method-not-allowed", [("Allow", "GET")]))
        default: .refuse(Self.problem(404, "not-found"))
        }
    }

    func respond(to exchange: HTTPExchange) {
        answered.append(exchange.head.target)
        switch exchange.head.path {
        case "/park", "/park-body", "/late-stream": parked.append(exchange.id)
        case "/stream": beginStream(exchange)
        case "/echo", "/json":
            exchange.reply(status: 200, headers: [("Content-Type", "text/plain")], body: exchange.body)
        case "/big": exchange.reply(status: 200, headers: [], body: [UInt8](repeating: 120, count: 8 << 20))
        case "/closing": exchange.reply(status: 200, headers: [("Connection", "close")], body: Array("bye".utf8))
        case "/odd-headers":
            exchange.reply(
                status: 200, headers: [("X-Bad", "a\r\nSet-Cookie: b"), ("Bad Name", "c"), ("X-Good", "d")],
                body: Array("ok".utf8))
        case "/empty": exchange.reply(status: 204, headers: [], body: Array("not sent".utf8))
        case "/target", "/":
            let text = "\(exchange.head.path)|\(exchange.head.query ?? "-")|\(exchange.head.authority)"
            exchange.reply(status: 200, headers: [], body: Array(text.utf8))
        case "/upload": replyToUpload(exchange)
        default: exchange.reply(status: 200, headers: [("Content-Type", "text/plain")], body: Array("hello\n".utf8))
        }
    }

    private func replyToUpload(_ exchange: HTTPExchange) {
        switch exchange.requestBody {
        case .file where ignoresUploads: exchange.reply(status: 202, headers: [])
        case .file:
            guard let file = exchange.takeUpload() else { return }
            keptUploads.append(file)
            let text = "\(file.byteCount) \(file.contentType ?? "-") \(file.fileName ?? "-")"
            exchange.reply(status: 201, headers: [], body: Array(text.utf8))
        case .failed(let failure):
            exchange.reply(status: 507, headers: [], body: Array("errno \(failure.errorNumber)".utf8))
        case .none, .bytes: exchange.reply(status: 500, headers: [], body: [])
        }
    }

    @discardableResult
    func beginStream(_ exchange: HTTPExchange) -> StreamID? {
        guard
            let id = exchange.beginStream(
                HeaderBlock([("Content-Type", "text/event-stream")]), headers: [("Cache-Control", "no-store")])
        else { return nil }
        streams.append(id)
        if let greeting { _ = server?.streams.send(StreamPayload(body: greeting), to: id) }
        return id
    }

    func reply(_ id: ExchangeID, _ text: String) {
        server?.exchange(id)?.reply(status: 200, headers: [], body: Array(text.utf8))
    }

    func problem(for refusal: Refusal, head: RequestHead?) -> ProblemReply {
        Self.problem(refusal.status, refusal.code)
    }

    func peerDidLeave(_ id: ExchangeID) {
        left.append(id)
    }

    func streamDidDrain(_ id: StreamID) {
        drained.append(id)
        onDrain?(id)
    }

    func streamDidClose(_ id: StreamID, reason: StreamCloseReason) {
        closed[id] = reason
        closeCount += 1
    }

    static func problem(_ status: Int, _ code: String, _ headers: [(String, String)] = []) -> ProblemReply {
        ProblemReply(
            status: status, headers: [("Content-Type", "application/problem+json")] + headers,
            body: Array("{\"status\":\(status),\"type\":\"\(code)\"}".utf8))
    }
}
