// One blocking connection to the server. Owned by one command on its one thread; every wait has a deadline and ends on
// Ctrl-C.

import Glibc

/// A connected socket.
final class ClientSocket {
    private let descriptor: Int32
    private let server: String
    /// Watched beside the socket; -1 for none.
    private let interrupt: Int32
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// Connects, trying each address of the host.
    init(to address: ServerAddress, timeoutMs: Int, interrupt: Int32 = -1) throws(ClientFailure) {
        server = address.description
        self.interrupt = interrupt
        switch address.target {
        case .unix(let path):
            descriptor = try Self.connectUnix(path, server: server, interrupt, timeoutMs)
        case .tcp(let host, let port):
            descriptor = try Self.connectTCP(host, port, server: server, interrupt, timeoutMs)
        }
    }

    deinit {
        close(descriptor)
    }

    /// Sends everything.
    func send(_ bytes: [UInt8], timeoutMs: Int = 30_000) throws(ClientFailure) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                offset += count
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLOUT), timeoutMs: timeoutMs)
            } else if errno != EINTR {
                throw .unreachable(server: server, reason: Self.message(errno))
            }
        }
    }

    /// The next bytes; empty at the end of the stream.
    func receive(timeoutMs: Int) throws(ClientFailure) -> [UInt8] {
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count >= 0 { return Array(buffer[..<count]) }
            if errno == EAGAIN {
                try wait(for: Int16(POLLIN), timeoutMs: timeoutMs)
            } else if errno != EINTR {
                throw .unreachable(server: server, reason: Self.message(errno))
            }
        }
    }

    private func wait(for events: Int16, timeoutMs: Int) throws(ClientFailure) {
        try Self.wait(descriptor, events, interrupt, timeoutMs, server)
    }

    // MARK: Connecting

    private static func connectUnix(
        _ path: String, server: String, _ interrupt: Int32, _ timeoutMs: Int
    ) throws(ClientFailure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let socket = try makeSocket(AF_UNIX, server)
        do throws(ClientFailure) {
            try withUnsafePointer(to: &address) { pointer throws(ClientFailure) in
                try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer throws(ClientFailure) in
                    try connect(
                        socket, pointer, socklen_t(MemoryLayout<sockaddr_un>.size), server, interrupt, timeoutMs)
                }
            }
            return socket
        } catch {
            close(socket)
            throw error
        }
    }

    private static func connectTCP(
        _ host: String, _ port: String, server: String, _ interrupt: Int32, _ timeoutMs: Int
    ) throws(ClientFailure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, port, &hints, &found)
        guard status == 0, let first = found else {
            throw .unreachable(server: server, reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(first) }
        var failure = ClientFailure.unreachable(server: server, reason: "the host has no address")
        var candidate: UnsafeMutablePointer<addrinfo>? = first
        while let address = candidate {
            candidate = address.pointee.ai_next
            let socket = try makeSocket(address.pointee.ai_family, server)
            do throws(ClientFailure) {
                try connect(
                    socket, address.pointee.ai_addr, address.pointee.ai_addrlen, server, interrupt, timeoutMs)
                var on: Int32 = 1
                setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
                return socket
            } catch {
                close(socket)
                failure = error
                if error == .interrupted { break }
            }
        }
        throw failure
    }

    private static func makeSocket(_ family: Int32, _ server: String) throws(ClientFailure) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let made = socket(family, kind, 0)
        guard made >= 0 else { throw .unreachable(server: server, reason: message(errno)) }
        return made
    }

    private static func connect(
        _ socket: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t, _ server: String,
        _ interrupt: Int32, _ timeoutMs: Int
    ) throws(ClientFailure) {
        if Glibc.connect(socket, address, length) == 0 { return }
        guard errno == EINPROGRESS || errno == EINTR else {
            throw .unreachable(server: server, reason: message(errno))
        }
        try wait(socket, Int16(POLLOUT), interrupt, timeoutMs, server)
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size)
        guard code == 0 else { throw .unreachable(server: server, reason: message(code)) }
    }

    // MARK: Waiting

    private static func wait(
        _ descriptor: Int32, _ events: Int16, _ interrupt: Int32, _ timeoutMs: Int, _ server: String
    ) throws(ClientFailure) {
        var watched = [
            pollfd(fd: descriptor, events: events, revents: 0),
            pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&watched, 2, Int32(clamping: timeoutMs))
            if count < 0, errno == EINTR { continue }
            if watched[1].revents != 0 { throw .interrupted }
            guard count > 0 else {
                throw .unreachable(server: server, reason: "nothing came for \(timeoutMs / 1000) s")
            }
            return
        }
    }

    static func message(_ code: Int32) -> String { String(cString: strerror(code)) }
}
