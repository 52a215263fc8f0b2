// Plain counters of the HTTP layer. A value; the server changes its copy on the loop's thread only.

/// Counters since the start, and a few gauges.
public struct HTTPMetrics: Sendable {
    public var accepted: UInt64 = 0
    public var closed: UInt64 = 0
    public var requests: UInt64 = 0
    /// Refusals by the HTTP layer, by `Refusal.code`.
    public var refusals: [String: UInt64] = [:]
    /// How often each bound was reached, in words or by a connection that was closed or left unread.
    public private(set) var boundHits: [HTTPBound: UInt64] = [:]
    /// Bytes of requests and of replies; streams count for themselves.
    public var bytesIn: UInt64 = 0
    public var bytesOut: UInt64 = 0
    /// Times that accepting stopped for lack of descriptors.
    public var acceptFailures: UInt64 = 0
    /// Connections that were closed because nothing moved or no request came.
    public var idleCloses: UInt64 = 0
    public var stallCloses: UInt64 = 0
    /// Reply headers that were left out because of forbidden characters.
    public var invalidReplyHeaders: UInt64 = 0
    /// Gauges.
    public var openConnections = 0
    public var bufferedBodyBytes = 0
    public var activeUploads = 0

    mutating func didReach(_ bound: HTTPBound) {
        boundHits[bound, default: 0] &+= 1
    }
}
