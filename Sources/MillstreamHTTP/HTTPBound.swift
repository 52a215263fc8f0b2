// The bounds of the HTTP layer by name, for whoever counts how often each was reached. A value.

/// One bound of ``HTTPServerSettings`` or of a ``BodyRule``.
public enum HTTPBound: Hashable, Sendable, CaseIterable {
    /// A connection past it is answered 503.
    case connections
    /// The request is refused.
    case headBytes, headerFields, targetBytes
    case bodyBytes, bufferedBodyBytes
    case headTimeout, bodyTimeout
    /// The connection is closed.
    case idleTimeout
    /// The connection is not read for a while.
    case pipelinedBytes
    /// The upload is refused.
    case uploads, uploadBytes, totalUploadBytes, uploadTimeout, uploadStallTimeout
    /// A reply or a stream whose peer takes nothing is given up.
    case stallTimeout
}
