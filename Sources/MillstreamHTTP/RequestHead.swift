// What a request says before its body. A value; usable on every thread. It is made by RequestHeadParser only, so every
// rule of that parser holds for it.

/// A checked request head.
public struct RequestHead: Sendable {
    public let method: HTTPMethod
    public let version: HTTPVersion
    public let headers: HTTPHeaders
    public let remote: PeerAddress

    /// Positions in `headers.bytes`. The path's is empty for a `*` that does not stand there.
    let pathRange: Range<Int>
    let queryRange: Range<Int>?
    let authorityRange: Range<Int>?

    /// The raw path: from the slash to the question mark, percent signs as they came; `*` for `OPTIONS *`, also as
    /// `OPTIONS http://host`.
    public var path: String {
        String(decoding: pathBytes, as: UTF8.self)
    }

    /// The bytes of `path`.
    public var pathBytes: ArraySlice<UInt8> {
        pathRange.isEmpty ? Self.asterisk : headers.bytes[pathRange]
    }

    private static let asterisk: ArraySlice<UInt8> = [UInt8(ascii: "*")]

    /// The raw query after the question mark, or nil when there is none.
    public var query: String? {
        queryRange.map { String(decoding: headers.bytes[$0], as: UTF8.self) }
    }

    /// The bytes of `query`.
    public var queryBytes: ArraySlice<UInt8>? {
        queryRange.map { headers.bytes[$0] }
    }

    /// Path and query in one.
    public var target: String {
        // Not one range: of a URL without a path, the path stands before the authority.
        query.map { path + "?" + $0 } ?? path
    }

    /// The host and port that the client meant: of an absolute target, otherwise of Host; empty with HTTP/1.0 and no Host.
    public var authority: String {
        guard let authorityRange else { return headers["host"] ?? "" }
        return String(decoding: headers.bytes[authorityRange], as: UTF8.self)
    }

    /// `remote` as text.
    public var remoteDescription: String { remote.description }
}

/// How the body that follows a head is delimited.
enum BodyFraming: Hashable, Sendable {
    case none
    /// A Content-Length, 0 included.
    case length(Int)
    case chunked
}

/// A head with what the guard itself needs to know of it.
@_spi(Benchmarks) public struct ParsedRequest {
    @_spi(Benchmarks) public let head: RequestHead
    let framing: BodyFraming
    let expectsContinue: Bool
    /// HTTP/1.0, or `Connection: close`.
    let asksToClose: Bool
}
