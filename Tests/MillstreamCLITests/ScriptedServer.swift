// A server that says what it was told to, whatever it is asked: one script for each connection, in their order.

import Dispatch
import Glibc
import Synchronization

@testable import MillstreamCLI

/// Listens on a free port of its own until it is released.
final class ScriptedServer: Sendable {
    /// Pieces of one answer; each is sent on its own.
    struct Script: Sendable {
        var pieces: [String]
        /// Close without an answer, as a killed server does.
        var isReset = false
    }

    private let listener: Int32
    let address: ServerAddress
    private let scripts: [Script]
    private let received = Mutex<[String]>([])

    /// Every request that came, head and body.
    var requests: [String] { received.withLock { $0 } }

    init(_ scripts: [Script]) throws {
        self.scripts = scripts
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> UInt16 in
                guard bind(socket, generic, length) == 0, listen(socket, 16) == 0 else { return 0 }
                getsockname(socket, generic, &length)
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }
        listener = socket
        guard port > 0, let parsed = ServerAddress("http://127.0.0.1:\(port)") else {
            throw ClientFailure.usage("no port for the scripted server")
        }
        self.address = parsed
    }

    deinit {
        close(listener)
    }

    /// Serves all scripts on a thread of its own.
    func start() -> ScriptedServer {
        Thread.detach { [self] in
            for script in scripts {
                let peer = accept(listener, nil, nil)
                guard peer >= 0 else { return }
                // A program that another test starts would keep it open.
                _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
                serve(peer, script)
                close(peer)
            }
            // Nobody listens any more: a further attempt is refused, and no test hangs.
            shutdown(listener, Int32(SHUT_RDWR))
        }
        return self
    }

    private func serve(_ peer: Int32, _ script: Script) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !Self.isComplete(bytes) {
            let count = read(peer, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        received.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        guard !script.isReset else { return }
        for piece in script.pieces {
            let bytes = Array(piece.utf8)
            _ = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    private static func isComplete(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
        let length =
            text.firstRange(of: "Content-Length: ").flatMap { found in
                Int(text[found.upperBound...].prefix { $0.isNumber })
            } ?? 0
        return text[end.upperBound...].utf8.count >= length
    }
}

/// A thread that nobody waits for.
enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "scripted").async(execute: body)
    }
}

extension ScriptedServer.Script {
    static let reset = ScriptedServer.Script(pieces: [], isReset: true)

    /// An answer with a length.
    static func json(_ status: Int, _ body: String, type: String = "application/json") -> ScriptedServer.Script {
        ScriptedServer.Script(pieces: [
            "HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        ])
    }

    /// A stream in chunks, ended as it should be or cut off.
    static func stream(_ events: [String], isComplete: Bool = true) -> ScriptedServer.Script {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        let chunks = events.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }
        return ScriptedServer.Script(pieces: [head] + chunks + (isComplete ? ["0\r\n\r\n"] : []))
    }
}
