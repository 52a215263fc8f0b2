// What the server layer is told by the configuration. A value.

import MillstreamAccess

/// Settings of the routes and streams; units are in the names, bounds are checked by the configuration.
public struct ServerSettings: Sendable {
    public var version: String
    public var access: AccessPolicy
    public var origins: OriginPolicy
    public var maxBodyBytes: Int
    public var maxEventBytes: Int
    public var maxUploadBytes: Int
    public var maxTotalUploadBytes: Int64
    public var uploadDirectory: String
    /// Requests that wait for a change at a time.
    public var maxParkedRequests: Int
    public var maxStreams: Int
    /// What a client is told to wait before it comes back, the lower bound of the spread.
    public var retryMs: Int
    /// Over how long clients are spread when all are sent away at once.
    public var retrySpreadMs: Int
    public var gracefulTimeoutMs: Int
    /// Whether the demo kinds are on; the page offers them then.
    public var demo: Bool
    /// Whether a store without room means the bound of the memory store, not the disk.
    public var storeIsMemory: Bool

    public init(
        version: String, access: AccessPolicy, origins: OriginPolicy, maxBodyBytes: Int, maxEventBytes: Int,
        maxUploadBytes: Int, maxTotalUploadBytes: Int64, uploadDirectory: String, maxParkedRequests: Int,
        maxStreams: Int, retryMs: Int, retrySpreadMs: Int, gracefulTimeoutMs: Int, demo: Bool,
        storeIsMemory: Bool
    ) {
        self.version = version
        self.access = access
        self.origins = origins
        self.maxBodyBytes = maxBodyBytes
        self.maxEventBytes = maxEventBytes
        self.maxUploadBytes = maxUploadBytes
        self.maxTotalUploadBytes = maxTotalUploadBytes
        self.uploadDirectory = uploadDirectory
        self.maxParkedRequests = maxParkedRequests
        self.maxStreams = maxStreams
        self.retryMs = retryMs
        self.retrySpreadMs = retrySpreadMs
        self.gracefulTimeoutMs = gracefulTimeoutMs
        self.demo = demo
        self.storeIsMemory = storeIsMemory
    }
}
