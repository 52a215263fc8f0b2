import Glibc

// The little of TCP that the runner itself needs: a free port, "does it listen yet?", and one GET.

package enum Loopback {
    /// Ports are taken in turn and not again: connections of the server before may still be in TIME_WAIT on its port.
    /// Below the range that the kernel gives to the generator's own ends of connections.
    package static func freePort(from first: UInt16) throws -> UInt16 {
        for port in first..<min(first &+ 2000, 32_768) where isFree(port) { return port }
        throw RunnerError("no free port in the 2,000 from \(first) on")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = tcpSocket()
        defer { close(descriptor) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        return withAddress(port) { bind(descriptor, $0, $1) == 0 }
    }

    /// Whether somebody accepts connections there.
    package static func isListening(_ port: UInt16) -> Bool {
        let descriptor = tcpSocket()
        defer { close(descriptor) }
        return withAddress(port) { connect(descriptor, $0, $1) == 0 }
    }

    /// The status of one GET; nil when there was no answer within two seconds.
    package static func status(of path: String, port: UInt16) -> Int? {
        let descriptor = tcpSocket()
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard withAddress(port, { connect(descriptor, $0, $1) == 0 }) else { return nil }
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n"
        guard request.withCString({ send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }) > 0 else {
            return nil
        }
        var head = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &head, head.count, 0)
        guard count > 12 else { return nil }
        let words = String(decoding: head[..<count], as: UTF8.self).split(separator: " ", maxSplits: 2)
        return words.count > 1 ? Int(words[1]) : nil
    }

    private static func tcpSocket() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func withAddress<Result>(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
