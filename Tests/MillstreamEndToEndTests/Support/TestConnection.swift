// One TCP connection to the server, blocking, so that a test sees the very bytes. Every read has a deadline of 30 s.

import Foundation

/// Not for use by two threads at once.
final class TestConnection {
    let descriptor: Int32
    private var buffer: [UInt8] = []

    /// `receiveBufferBytes` keeps the kernel from taking much in for a reader that does not read.
    init(port: UInt16, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("socket: errno \(errno)") }
        var timeout = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        if var bytes = receiveBufferBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // The descriptor is closed by deinit, which runs for an object that was complete when its init threw.
        guard result == 0 else { throw TestFailure("connect: errno \(errno)") }
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw TestFailure("send: errno \(errno)") }
            sent += count
        }
    }

    /// Says that nothing more will be sent.
    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// The next bytes; empty at the end of the connection. Throws when nothing came for 30 s.
    func receive() throws -> [UInt8] {
        if !buffer.isEmpty {
            defer { buffer = [] }
            return buffer
        }
        var failure: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { space, count in
            let received = recv(descriptor, space.baseAddress, space.count, 0)
            failure = received < 0 ? errno : 0
            count = max(0, received)
        }
        guard failure == 0 || failure == ECONNRESET else { throw TestFailure("nothing came: errno \(failure)") }
        return chunk
    }

    /// Everything to the end of the connection.
    func receiveAll() throws -> [UInt8] {
        var all: [UInt8] = []
        let deadline = Deadline()
        while case let bytes = try receive(), !bytes.isEmpty {
            all += bytes
            try deadline.check()
        }
        return all
    }

    func readHead() throws -> (status: Int, headers: [String: String]) {
        var head: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while true {
            let bytes = try receive()
            guard !bytes.isEmpty else {
                throw TestFailure("ended in the head: \(String(decoding: head, as: UTF8.self))")
            }
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
            headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return (Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0, headers)
    }

    func response(toHead: Bool = false) throws -> TestResponse {
        let (status, headers) = try readHead()
        var body: [UInt8] = []
        if toHead || status == 204 || status == 304 { return TestResponse(status: status, headers: headers, body: []) }
        if headers["transfer-encoding"] == "chunked" {
            var decoder = ChunkDecoder()
            let deadline = Deadline()
            while !decoder.isAtEnd {
                let bytes = try receive()
                guard !bytes.isEmpty else { throw TestFailure("ended without the last chunk") }
                body += decoder.decode(bytes)
                try deadline.check()
            }
        } else if let length = headers["content-length"].flatMap({ Int($0) }) {
            while body.count < length {
                let bytes = try receive()
                guard !bytes.isEmpty else { throw TestFailure("ended in the body") }
                body += bytes
            }
            buffer = Array(body[length...])
            body = Array(body[..<length])
        } else {
            body = try receiveAll()
        }
        return TestResponse(status: status, headers: headers, body: body)
    }
}
