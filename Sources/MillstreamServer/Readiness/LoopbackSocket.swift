// A blocking client socket to this very server, for the readiness probe. Used on the probe's own thread, never on the loop.

import Glibc

/// Owns one connected descriptor; every call ends by the deadline that was given at the start.
final class LoopbackSocket {
    struct Failure: Error {
        var reason: String
    }

    /// Where the server listens.
    enum Address: Sendable {
        /// A literal IPv4 or IPv6 address.
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    private let descriptor: Int32
    private let deadlineNs: UInt64

    init(_ address: Address, deadlineNs: UInt64) throws(Failure) {
        self.deadlineNs = deadlineNs
        switch address {
        case .unix(let path): descriptor = try Self.connectUnix(path)
        case .tcp(let host, let port): descriptor = try Self.connectTCP(host, port)
        }
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) throws(Failure) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            try wait(for: Int16(POLLOUT))
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(reason: "write failed") }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Appends what has arrived; false at the end of the connection.
    func receive(into bytes: inout [UInt8]) throws(Failure) -> Bool {
        try wait(for: Int16(POLLIN))
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { throw Failure(reason: "read failed") }
        bytes += buffer[..<count]
        return count > 0
    }

    private func wait(for events: Int16) throws(Failure) {
        let now = Self.monotonicNs()
        guard now < deadlineNs else { throw Failure(reason: "no answer in time") }
        var poller = pollfd(fd: descriptor, events: events, revents: 0)
        let milliseconds = Int32(min((deadlineNs - now) / 1_000_000 + 1, 60_000))
        guard poll(&poller, 1, milliseconds) > 0 else { throw Failure(reason: "no answer in time") }
    }

    private static func connectUnix(_ path: String) throws(Failure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw Failure(reason: "path too long") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return try connect(AF_UNIX, &address)
    }

    private static func connectTCP(_ host: String, _ port: UInt16) throws(Failure) -> Int32 {
        if host.contains(":") {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { throw Failure(reason: "no address") }
            return try connect(AF_INET6, &address)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw Failure(reason: "no address") }
        return try connect(AF_INET, &address)
    }

    private static func connect<Address>(_ family: Int32, _ address: inout Address) throws(Failure) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw Failure(reason: "no descriptor") }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Failure(reason: "connection refused")
        }
        return descriptor
    }

    /// CLOCK_MONOTONIC in nanoseconds.
    static func monotonicNs() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

}
