import Glibc

// Where a connection comes from. A value; usable on every thread. The text is made when somebody reads it.

/// The remote end of a connection.
public enum PeerAddress: Hashable, Sendable, CustomStringConvertible {
    /// Address in network byte order.
    case ipv4(address: UInt32, port: UInt16)
    /// Address in network byte order, high and low half as they lie in memory.
    case ipv6(high: UInt64, low: UInt64, port: UInt16)
    case unix
    case unknown

    /// Copies a socket address; the memory must be as large as its family says.
    init(_ address: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let address = raw.loadUnaligned(as: sockaddr_in.self)
            self = .ipv4(address: address.sin_addr.s_addr, port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = raw.loadUnaligned(as: sockaddr_in6.self)
            self = withUnsafeBytes(of: address.sin6_addr) { bytes in
                .ipv6(
                    high: bytes.loadUnaligned(as: UInt64.self),
                    low: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                    port: UInt16(bigEndian: address.sin6_port))
            }
        case AF_UNIX: self = .unix
        default: self = .unknown
        }
    }

    /// `192.0.2.1:4711`, `[2001:db8::1]:4711`, `unix` or `unknown`.
    public var description: String {
        switch self {
        case .ipv4(_, let port): "\(host):\(port)"
        case .ipv6(_, _, let port): "[\(host)]:\(port)"
        case .unix: "unix"
        case .unknown: "unknown"
        }
    }

    /// The address without its port.
    public var host: String {
        switch self {
        case .ipv4(let address, _):
            var raw = in_addr(s_addr: address)
            return Self.text(AF_INET, &raw)
        case .ipv6(let high, let low, _):
            var raw = in6_addr()
            withUnsafeMutableBytes(of: &raw) { bytes in
                bytes.storeBytes(of: high, as: UInt64.self)
                bytes.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
            }
            return Self.text(AF_INET6, &raw)
        case .unix: return "unix"
        case .unknown: return "unknown"
        }
    }

    private static func text(_ family: Int32, _ address: UnsafeRawPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress, let text = inet_ntop(family, address, start, 64) else { return "?" }
            return String(cString: text)
        }
    }
}
