// Every bound of the HTTP layer. A value.

/// The limits of an HTTP server; the defaults are those of the shipped configuration.
public struct HTTPServerSettings: Sendable, Hashable {
    /// Connections and streams at a time. Past it a connection is answered 503; past a few more, accepting pauses.
    public var maxConnections = 65_536
    /// Connections past the limit that get a 503 before accepting pauses.
    public static let excessConnections = 64
    /// Waiting connections that the kernel keeps; it takes the smaller of this and net.core.somaxconn.
    public var backlog: Int32 = 4_096
    /// Bytes of a whole request head (431), and of its target (414).
    public var maxHeadBytes = 32 * 1_024
    public var maxTargetBytes = 16 * 1_024
    /// Header fields of a request (431).
    public var maxHeaderFields = 100
    /// From the first byte of a head to its end.
    public var headTimeoutMs = 10_000
    /// From the end of a head to the end of a body in memory.
    public var bodyTimeoutMs = 30_000
    /// The same for a body that goes to a file.
    public var uploadTimeoutMs = 600_000
    /// Without a byte of an upload.
    public var uploadStallTimeoutMs = 30_000
    /// A connection on which no request begins.
    public var idleTimeoutMs = 75_000
    /// Output of a reply or a stream without progress.
    public var stallTimeoutMs = 30_000
    /// From the end of the server's output to the peer's close.
    public var lingerTimeoutMs = 2_000
    /// Bytes that are read and dropped while a connection is closed.
    public var maxLingerBytes = 8 << 20
    /// Bytes that are kept of requests behind the one that is answered.
    public var maxPipelinedBytes = 64 * 1_024
    /// Bytes of all request bodies in memory (503).
    public var maxBufferedBodyBytes = 64 << 20
    /// Uploads at a time (503), and bytes of each that wait for the disk.
    public var maxUploads = 32
    public var maxUploadBytesInFlight = 1 << 20
    /// Bytes that a stream's peer may send; they are dropped.
    public var maxStreamInputBytes = 64 * 1_024
    /// The kernel's send buffer of each connection; nil leaves it to the kernel, which takes up to 1 MiB that was not sent.
    public var sendBufferBytes: Int32?

    public init() {}
}
