// A real HTTP server on a unix socket, and its clients, all on one thread, so that nothing depends on who runs when. The clients are
// plain sockets of the C library; what they do is never counted.

import Glibc
import Measuring
import MillstreamHTTP
import MillstreamLoop

/// A server and its application. `/stream` begins a stream, everything else is answered.
final class SocketStage: HTTPApplication, StreamTableDelegate {
    let loop: EventLoop
    private(set) var server: HTTPServer!
    /// Streams in the order of their opening; those that ended are not taken out.
    var opened: [StreamID] = []
    private(set) var closedCount = 0
    private let folder: TemporaryFolder
    private let streamHead = HeaderBlock([("Content-Type", "text/event-stream")])
    private let greeting = StreamPayload(body: Array("event: status\ndata: {}\n\n".utf8))
    private let answer = Array(#"{"status":"ok"}"#.utf8)

    init() throws {
        folder = try TemporaryFolder()
        loop = try EventLoop()
        server = try HTTPServer(loop: loop, application: self)
        server.streams.delegate = self
        _ = try server.listen(on: .unix(path: folder.path("socket")))
    }

    deinit {
        server.close()
    }

    func connect() throws -> Peer { try Peer(path: folder.path("socket")) }

    /// Connections with a request for a stream sent, none of which the server has looked at.
    func requestStreams(_ count: Int) throws -> [Peer] {
        opened.removeAll(keepingCapacity: true)
        opened.reserveCapacity(count)
        return try (0..<count).map { _ in
            let peer = try connect()
            peer.send(RequestText.stream)
            return peer
        }
    }

    /// Ticks until so many streams are open and have their first event.
    func openStreams(_ count: Int) {
        while opened.count < count { loop.tick() }
    }

    /// Ticks until nothing is left of any stream.
    func awaitEnds() {
        while server.streams.count > 0 { loop.tick() }
    }

    // MARK: The application

    func route(_ head: RequestHead) -> BodyRule { .none }

    func respond(to exchange: HTTPExchange) {
        guard exchange.head.pathBytes.elementsEqual(RequestText.streamPath) else {
            return exchange.reply(status: 200, headers: [("Content-Type", "application/json")], body: answer)
        }
        guard let id = exchange.beginStream(streamHead) else { return }
        opened.append(id)
        _ = server.streams.send(greeting, to: id)
    }

    func problem(for refusal: Refusal, head: RequestHead?) -> ProblemReply {
        ProblemReply(status: refusal.status, headers: [("Content-Type", "application/problem+json")], body: [])
    }

    func streamDidDrain(_ id: StreamID) {}
    func streamDidClose(_ id: StreamID, reason: StreamCloseReason) { closedCount += 1 }
}

/// A client's end of a connection.
final class Peer {
    private let descriptor: Int32
    private static let bufferBytes = 64 << 10

    struct Fault: Error {
        let errorNumber: Int32
    }

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Fault(errorNumber: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            precondition(path.utf8.count < room.count, "the path of the socket is short")
            room.copyBytes(from: path.utf8)
        }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw Fault(errorNumber: errno) }
        // The server's turn comes on this very thread: a peer never waits.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit {
        Glibc.close(descriptor)
    }

    func send(_ bytes: [UInt8]) {
        let sent = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        precondition(sent == bytes.count, "a request fits into a socket")
    }

    /// Reads what is there; how many bytes that was.
    @discardableResult
    func receive() -> Int {
        withUnsafeTemporaryAllocation(byteCount: Self.bufferBytes, alignment: 16) { buffer in
            max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
    }
}

enum RequestText {
    static let streamPath = Array("/v1/jobs/0193f2c4-8a51-7c3e-9b2d-4f5e6a7b8c9d/events".utf8)

    /// What a browser's EventSource sends.
    static let stream = text(String(decoding: streamPath, as: UTF8.self))
    static let plain = text("/v1/jobs/0193f2c4-8a51-7c3e-9b2d-4f5e6a7b8c9d")

    private static func text(_ path: String) -> [UInt8] {
        let lines = [
            "GET \(path) HTTP/1.1", "Host: 127.0.0.1:8080", "Connection: keep-alive", "Cache-Control: no-cache",
            #"sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99""#, "sec-ch-ua-mobile: ?0",
            #"sec-ch-ua-platform: "Linux""#,
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0",
            "Accept: text/event-stream", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors",
            "Sec-Fetch-Dest: empty", "Referer: http://127.0.0.1:8080/", "Accept-Encoding: gzip, deflate, br, zstd",
            "Accept-Language: en-GB,en;q=0.9", "Last-Event-ID: k3f9ab-17", "", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }
}

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
    private let root: String
    private static let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"

    init() throws {
        var template = Array("\(Self.parent)/micro-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Peer.Fault(errorNumber: errno) }
        root = String(cString: made)
    }

    deinit {
        if let entries = opendir(root) {
            while let entry = readdir(entries) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                unlink(path(name))
            }
            closedir(entries)
        }
        rmdir(root)
    }

    func path(_ name: String) -> String { "\(root)/\(name)" }
}
