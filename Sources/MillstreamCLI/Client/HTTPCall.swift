// One request and its answer on a connection of their own (`Connection: close`): the simplest thing that is right, and
// a command makes few. Owned by one thread.

/// A request that was sent, and the answer as it comes.
final class HTTPCall {
    struct Request {
        var method = "GET"
        var path: String
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []
    }

    let head: ResponseHead
    private let socket: ClientSocket
    private let server: String
    private let timeoutMs: Int
    /// What was read behind the head.
    private var unread: [UInt8]
    private var framing: Framing

    private enum Framing {
        case chunked(ChunkedReader)
        case length(left: Int)
        case untilClose
        case done
    }

    /// Connects, sends, and waits for the head. Interim answers (1xx) are passed over.
    /// - Parameters:
    ///   - timeoutMs: for each wait on its own.
    ///   - upload: sends a body that is not at hand as a whole; then the request has its `Content-Length` among its fields.
    init(
        _ request: Request, to address: ServerAddress, timeoutMs: Int, interrupt: Int32 = -1,
        upload: ((ClientSocket) throws(ClientFailure) -> Void)? = nil
    ) throws(ClientFailure) {
        self.timeoutMs = timeoutMs
        server = address.description
        socket = try ClientSocket(to: address, timeoutMs: min(timeoutMs, 10_000), interrupt: interrupt)
        do throws(ClientFailure) {
            try socket.send(
                Self.head(of: request, address, hasUpload: upload != nil) + request.body, timeoutMs: timeoutMs)
            try upload?(socket)
        } catch {
            // The server may have refused before it took all of the body, and closed: its answer says more than our
            // fault.
            guard case .unreachable = error, upload != nil else { throw error }
        }
        var bytes: [UInt8] = []
        while true {
            if let head = try ResponseHead.take(from: &bytes) {
                if head.status < 200 { continue }
                self.head = head
                break
            }
            let more = try socket.receive(timeoutMs: timeoutMs)
            guard !more.isEmpty else {
                throw .unreachable(
                    server: address.description, reason: "the connection was closed before an answer came")
            }
            bytes += more
        }
        unread = bytes
        framing = try Self.framing(of: head, isHead: request.method == "HEAD")
    }

    /// The next piece of the body; nil at its end. `timeoutMs` is how long to wait for it.
    /// - Throws: `.unreachable` when the connection ends before the body does.
    func nextPiece(timeoutMs: Int? = nil) throws(ClientFailure) -> [UInt8]? {
        while true {
            if case .done = framing { return nil }
            var bytes = unread
            unread = []
            if bytes.isEmpty { bytes = try socket.receive(timeoutMs: timeoutMs ?? self.timeoutMs) }
            let isEnd = bytes.isEmpty
            let payload = try take(bytes, isEnd: isEnd)
            if !payload.isEmpty { return payload }
        }
    }

    /// The whole body.
    func body(maxBytes: Int = 64 << 20) throws(ClientFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try nextPiece() {
            bytes += piece
            guard bytes.count <= maxBytes else { throw .badAnswer("its body is longer than \(maxBytes) bytes") }
        }
        return bytes
    }

    // MARK: Parts

    private var lost: ClientFailure { .unreachable(server: server, reason: "the connection was lost") }

    private func take(_ bytes: [UInt8], isEnd: Bool) throws(ClientFailure) -> [UInt8] {
        switch framing {
        case .done: return []
        case .untilClose:
            if isEnd { framing = .done }
            return bytes
        case .length(let left):
            if isEnd { throw lost }
            let payload = Array(bytes.prefix(left))
            framing = left == payload.count ? .done : .length(left: left - payload.count)
            return payload
        case .chunked(var reader):
            if isEnd { throw lost }
            let payload = try reader.push(bytes)
            framing = reader.isDone ? .done : .chunked(reader)
            return payload
        }
    }

    private static func framing(of head: ResponseHead, isHead: Bool) throws(ClientFailure) -> Framing {
        if isHead || head.status == 204 || head.status == 304 { return .done }
        if head.isChunked { return .chunked(ChunkedReader()) }
        guard let text = head["content-length"] else { return .untilClose }
        guard let length = Int(text), length >= 0 else { throw .badAnswer("its Content-Length is no number") }
        return length == 0 ? .done : .length(left: length)
    }

    private static func head(of request: Request, _ address: ServerAddress, hasUpload: Bool) -> [UInt8] {
        var text = "\(request.method) \(address.pathPrefix)\(request.path) HTTP/1.1\r\nHost: \(address.hostField)\r\n"
        text += "Connection: close\r\nUser-Agent: millstream\r\n"
        if !hasUpload, request.method == "POST" { text += "Content-Length: \(request.body.count)\r\n" }
        for (name, value) in request.fields {
            // A line break in a value would be a second field.
            let safe = value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
            text += "\(name): \(String(String.UnicodeScalarView(safe)))\r\n"
        }
        return Array((text + "\r\n").utf8)
    }
}
