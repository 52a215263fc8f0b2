import Glibc
import MillstreamHTTP

// A client that sends exactly the bytes it is told to, and reads with a deadline of two minutes, against hanging only. Its sockets
// are close-on-exec: in a program that another test starts, a copy would keep the connection open.

struct ClientError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

struct Response {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}

final class Client {
    let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true

    init(to address: ListenAddress, receiveBufferBytes: Int32? = nil, deadlineSeconds: Int = 120) throws {
        switch address {
        case .tcp(let host, let port):
            if host.contains(":") {
                descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                var name = sockaddr_in6()
                name.sin6_family = sa_family_t(AF_INET6)
                name.sin6_port = port.bigEndian
                inet_pton(AF_INET6, host, &name.sin6_addr)
                try Self.connect(descriptor, &name, receiveBufferBytes, deadlineSeconds)
            } else {
                descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                var name = sockaddr_in()
                name.sin_family = sa_family_t(AF_INET)
                name.sin_port = port.bigEndian
                inet_pton(AF_INET, host, &name.sin_addr)
                try Self.connect(descriptor, &name, receiveBufferBytes, deadlineSeconds)
            }
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            try Self.connect(descriptor, &name, receiveBufferBytes, deadlineSeconds)
        }
    }

    private static func connect<Name>(
        _ descriptor: Int32, _ name: inout Name, _ receiveBytes: Int32?, _ seconds: Int
    ) throws {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        if var receiveBytes { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBytes, 4) }
        let size = socklen_t(MemoryLayout<Name>.size)
        let status = withUnsafeBytes(of: &name) {
            Glibc.connect(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), size)
        }
        guard status == 0 else { throw ClientError("connect: errno \(errno)") }
    }

    /// The test has closed the descriptor itself.
    func forget() {
        isOpen = false
    }

    deinit {
        if isOpen { Glibc.close(descriptor) }
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw ClientError("send: errno \(errno)") }
            sent += count
        }
    }

    /// A request with Host, and whatever else is given.
    func request(_ line: String, _ headers: [String] = [], body: String = "") throws {
        try send(([line + " HTTP/1.1", "Host: test"] + headers).joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Ends the sending side.
    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    func close() {
        isOpen = false
        Glibc.close(descriptor)
    }

    /// Closes with a reset instead of a FIN.
    func reset() {
        isOpen = false
        Self.reset(descriptor)
    }

    static func reset(_ descriptor: Int32) {
        // Resets at once, whoever else holds a copy: a program that another test starts does, between fork and exec.
        var nobody = sockaddr()
        nobody.sa_family = sa_family_t(AF_UNSPEC)
        Glibc.connect(descriptor, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        Glibc.close(descriptor)
    }

    /// Reads some bytes into the buffer; false at the end.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 * 1_024)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0 {
            throw ClientError(errno == EAGAIN ? "deadline passed; so far: \(bufferText)" : "recv: errno \(errno)")
        }
        buffer.append(contentsOf: chunk[..<count])
        return count > 0
    }

    private var bufferText: String { String(decoding: buffer, as: UTF8.self) }

    /// Everything up to the end of the connection.
    func readToEnd() throws -> String {
        while try fill() {}
        defer { buffer = [] }
        return bufferText
    }

    /// Bytes up to and including `mark`.
    func read(through mark: String) throws -> String {
        let mark = Array(mark.utf8)
        while true {
            if let end = buffer.indices.first(where: { buffer[$0...].starts(with: mark) }) {
                let text = String(decoding: buffer[..<(end + mark.count)], as: UTF8.self)
                buffer.removeFirst(end + mark.count)
                return text
            }
            guard try fill() else { throw ClientError("closed; so far: \(bufferText)") }
        }
    }

    func read(count: Int) throws -> [UInt8] {
        while buffer.count < count {
            guard try fill() else { throw ClientError("closed after \(buffer.count) bytes") }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// One response; its body by Content-Length.
    func readResponse(hasBody: Bool = true) throws -> Response {
        let head = try read(through: "\r\n\r\n")
        let lines = head.split(separator: "\r\n").map(String.init)
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        let headers = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":")!
            return (name: String(line[..<colon]), value: String(line[line.index(colon, offsetBy: 2)...]))
        }
        var response = Response(status: status, headers: headers, body: [])
        if hasBody, let count = response["content-length"].flatMap(Int.init) { response.body = try read(count: count) }
        return response
    }

    /// True when the server closes without sending more.
    func isClosedByServer() throws -> Bool {
        guard buffer.isEmpty else { return false }
        return try !fill()
    }
}
