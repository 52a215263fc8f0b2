import CLibevent
import Glibc

// Where a server listens, and how a listening socket is made. Values and system calls at start; nothing here runs in a tick.

/// An address to listen on.
public enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or a numeric IPv4 or IPv6 address; port 0 takes a free one.
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    /// `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// Why the server could not start.
public enum HTTPServerError: Error, Hashable, Sendable {
    /// No descriptor or memory left.
    case outOfResources
    /// The host name has no address.
    case unknownHost(String)
    /// The system's error for the address, EADDRINUSE for one that is taken.
    case cannotListen(ListenAddress, errorNumber: Int32)
    /// There is a file of that name, and it is no socket.
    case notASocket(path: String)
}

extension ListenAddress {
    /// A listening socket: non-blocking, close-on-exec. Options that accepted sockets inherit on Linux are set here, once,
    /// instead of with system calls for each connection.
    func makeSocket(settings: HTTPServerSettings) throws(HTTPServerError) -> Int32 {
        switch self {
        case .tcp(let host, let port): try makeTCPSocket(host: host, port: port, settings: settings)
        case .unix(let path): try makeUnixSocket(path: path, settings: settings)
        }
    }

    private func makeTCPSocket(
        host: String, port: UInt16, settings: HTTPServerSettings
    ) throws(HTTPServerError) -> Int32 {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let first = found else {
            throw .unknownHost(host)
        }
        defer { freeaddrinfo(first) }
        var failure = EADDRNOTAVAIL
        // "localhost" has an address of each family: the first that works is taken, so that there is one port.
        for entry in sequence(first: first, next: { $0.pointee.ai_next }) {
            let descriptor = millstream_stream_socket(entry.pointee.ai_family)
            guard descriptor >= 0 else {
                failure = errno
                continue
            }
            Self.setOptions(of: descriptor, settings: settings)
            if bind(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0,
                listen(descriptor, settings.backlog) == 0
            {
                return descriptor
            }
            failure = errno
            close(descriptor)
        }
        throw .cannotListen(self, errorNumber: failure)
    }

    private static func setOptions(of descriptor: Int32, settings: HTTPServerSettings) {
        func set(_ level: Int32, _ option: Int32, _ value: Int32) {
            var value = value
            setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        set(SOL_SOCKET, SO_REUSEADDR, 1)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        // An event must not wait for the acknowledgement of the one before.
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        // Unacknowledged output ends the connection after the same time as output that we hold.
        set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(clamping: settings.stallTimeoutMs))
        // The kernel's buffer grows with what is on its way to the peer, but for a peer that does not read it grows, too, to megabytes.
        // With this it stops where so much was not even sent.
        set(Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, Self.maxUnsentBytes)
        if let bytes = settings.sendBufferBytes { set(SOL_SOCKET, SO_SNDBUF, bytes) }
    }

    /// A burst of this length still leaves at once, so that a reader who is late for a moment does not count as one who lags.
    private static let maxUnsentBytes: Int32 = 1 << 20

    private func makeUnixSocket(path: String, settings: HTTPServerSettings) throws(HTTPServerError) -> Int32 {
        guard var address = Self.unixAddress(path) else {
            throw .cannotListen(self, errorNumber: ENAMETOOLONG)
        }
        try removeStaleSocket(path, &address)
        let descriptor = millstream_stream_socket(AF_UNIX)
        guard descriptor >= 0 else { throw .outOfResources }
        let isBound = Self.withAddress(&address) { bind(descriptor, $0, $1) } == 0
        guard isBound, listen(descriptor, settings.backlog) == 0 else {
            let failure = errno
            close(descriptor)
            throw .cannotListen(self, errorNumber: failure)
        }
        return descriptor
    }

    /// A socket file that nobody listens on is left over from a server that was killed.
    private func removeStaleSocket(_ path: String, _ address: inout sockaddr_un) throws(HTTPServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
        let probe = millstream_stream_socket(AF_UNIX)
        guard probe >= 0 else { throw .outOfResources }
        defer { close(probe) }
        let result = Self.withAddress(&address) { connect(probe, $0, $1) }
        guard result != 0, errno == ECONNREFUSED else {
            throw .cannotListen(self, errorNumber: EADDRINUSE)
        }
        unlink(path)
    }

    private static func unixAddress(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let isCopied = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard !bytes.isEmpty, bytes.count < room.count, !bytes.contains(0) else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        return isCopied ? address : nil
    }

    private static func withAddress(
        _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>?, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafeBytes(of: &address) { bytes in
            body(bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }

    /// The address that a listening socket has really got.
    static func bound(_ descriptor: Int32, asked: ListenAddress) -> ListenAddress {
        guard case .tcp = asked else { return asked }
        var storage = sockaddr_storage()
        var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let name = withUnsafeMutableBytes(of: &storage) { bytes -> PeerAddress in
            guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                getsockname(descriptor, address, &count) == 0
            else { return .unknown }
            return PeerAddress(address)
        }
        return switch name {
        case .ipv4(_, let port), .ipv6(_, _, let port): .tcp(host: name.host, port: port)
        case .unix, .unknown: asked
        }
    }
}
