/// Where the server is and what every request to it says.
public struct ServerTarget: Sendable, Equatable {
    /// An IPv4 address in dots; no name, since a look-up would be measured with the first open.
    public var host: String
    public var port: UInt16
    public var dialect: Dialect
    /// Path for `Dialect.generic`; `{}` in it is the channel's number.
    public var path: String
    /// `Name: value`, for all requests.
    public var headers: [String]

    public init(
        host: String = "127.0.0.1", port: UInt16, dialect: Dialect, path: String = "/events/{}", headers: [String] = []
    ) throws(LoadError) {
        self.host = host
        self.port = port
        self.dialect = dialect
        self.path = path
        self.headers = headers
        guard Self.address(host) != nil else { throw .badAddress(host) }
        for header in headers where header.utf8.contains(where: { $0 < 0x20 }) || !header.contains(":") {
            throw .badHeader(header)
        }
    }

    /// In the host's byte order.
    var ip: UInt32 { Self.address(host) ?? 0 }

    /// Only loopback has as many source addresses as one likes.
    var isLoopback: Bool { ip >> 24 == 127 }

    private static func address(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        return parts.reduce(UInt32?(0)) { sum, part in
            guard let sum, let part else { return nil }
            return sum << 8 | UInt32(part)
        }
    }
}
