// A plain HTTP/1.1 client over a blocking socket, so that a test sees the very bytes. Every read has a deadline.

import Foundation
import MillstreamSSE

struct TestResponse {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: Any? { try? JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed) }
    var object: [String: Any] { json as? [String: Any] ?? [:] }
}

struct TestClient {
    let port: UInt16

    func get(_ path: String, _ headers: [String: String] = [:]) throws -> TestResponse {
        try request("GET", path, headers)
    }

    func post(_ path: String, json: String, _ headers: [String: String] = [:]) throws -> TestResponse {
        var headers = headers
        headers["Content-Type"] = headers["Content-Type"] ?? "application/json"
        return try request("POST", path, headers, body: Array(json.utf8))
    }

    func request(
        _ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8]? = nil
    ) throws -> TestResponse {
        let connection = try TestConnection(port: port)
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        try connection.send(Array((head + "\r\n").utf8) + (body ?? []))
        return try connection.response(toHead: method == "HEAD")
    }

    /// Posts a job and returns its object.
    func create(_ kind: String, input: String = "{}", more: String = "") throws -> [String: Any] {
        let response = try post("/v1/jobs", json: "{\"kind\":\"\(kind)\",\"input\":\(input)\(more)}")
        guard response.status == 202 else { throw ServerProcess.Failure(description: "\(response.status) \(response.text)") }
        return response.object
    }

    func stream(_ path: String, _ headers: [String: String] = [:]) throws -> TestStream {
        try TestStream(port: port, path: path, headers: headers)
    }
}

/// One connection. Not for use by two threads at once.
final class TestConnection {
    let descriptor: Int32
    private var buffer: [UInt8] = []

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw ServerProcess.Failure(description: "connect: errno \(errno)") }
    }

    deinit {
        close(descriptor)
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL.rawValue)) }
            guard count > 0 else { throw ServerProcess.Failure(description: "send: errno \(errno)") }
            sent += count
        }
    }

    /// The next bytes; empty at the end of the connection. Throws when nothing came for 30 s.
    func receive() throws -> [UInt8] {
        if !buffer.isEmpty {
            defer { buffer = [] }
            return buffer
        }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count < 0, errno == ECONNRESET { return [] }
        guard count >= 0 else { throw ServerProcess.Failure(description: "nothing came: errno \(errno)") }
        return Array(chunk[..<count])
    }

    func readHead() throws -> (status: Int, headers: [String: String]) {
        var head: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while true {
            let bytes = try receive()
            guard !bytes.isEmpty else { throw ServerProcess.Failure(description: "ended in the head: \(String(decoding: head, as: UTF8.self))") }
            head += bytes
            if let range = head.firstRange(of: end) {
                buffer = Array(head[range.upperBound...])
                head = Array(head[..<range.lowerBound])
                break
            }
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return (Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0, headers)
    }

    func response(toHead: Bool = false) throws -> TestResponse {
        let (status, headers) = try readHead()
        var body: [UInt8] = []
        if toHead || status == 204 || status == 304 { return TestResponse(status: status, headers: headers, body: []) }
        if headers["transfer-encoding"] == "chunked" {
            var decoder = ChunkDecoder()
            while !decoder.isAtEnd {
                let bytes = try receive()
                guard !bytes.isEmpty else { throw ServerProcess.Failure(description: "ended without the last chunk") }
                body += decoder.decode(bytes)
            }
        } else if let length = headers["content-length"].flatMap({ Int($0) }) {
            while body.count < length {
                let bytes = try receive()
                guard !bytes.isEmpty else { throw ServerProcess.Failure(description: "ended in the body") }
                body += bytes
            }
            buffer = Array(body[length...])
            body = Array(body[..<length])
        } else {
            while case let bytes = try receive(), !bytes.isEmpty { body += bytes }
        }
        return TestResponse(status: status, headers: headers, body: body)
    }
}

/// RFC 9112 section 7.1, for well-formed input.
struct ChunkDecoder {
    private var pending: [UInt8] = []
    private(set) var isAtEnd = false

    mutating func decode(_ bytes: [UInt8]) -> [UInt8] {
        pending += bytes
        var body: [UInt8] = []
        while let end = pending.firstRange(of: [0x0D, 0x0A]) {
            let digits = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
            guard let size = Int(digits, radix: 16) else { return body }
            let total = end.upperBound + size + 2
            guard pending.count >= total else { return body }
            body += pending[end.upperBound..<(end.upperBound + size)]
            pending.removeFirst(total)
            if size == 0 {
                isAtEnd = true
                return body
            }
        }
        return body
    }
}
