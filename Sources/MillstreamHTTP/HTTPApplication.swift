// What the HTTP layer asks of the program above it, and the values of that conversation. All calls come on the loop's
// thread and must not block.

/// The program behind the HTTP server.
public protocol HTTPApplication: AnyObject {
    /// Asked once per request when its head is complete and well-formed, before any byte of the body is taken.
    func route(_ head: RequestHead) -> BodyRule

    /// A complete request. The reply may be given now or later, through the exchange or, after a detour over other threads,
    /// through `HTTPServer.exchange(_:)`.
    func respond(to exchange: HTTPExchange)

    /// The problem+json of a refusal by the HTTP layer; `head` is nil when it could not be read. Retry-After is added by
    /// the HTTP layer.
    func problem(for refusal: Refusal, head: RequestHead?) -> ProblemReply

    /// The peer of an exchange that waits for its reply has closed its sending side, or is gone. A reply is still sent if
    /// the connection allows it. Optional.
    func peerDidLeave(_ id: ExchangeID)
}

extension HTTPApplication {
    public func peerDidLeave(_ id: ExchangeID) {}
}

/// What may follow a head.
public enum BodyRule {
    /// The request is answered with this problem. A body that is under way is not read and the connection is closed.
    case refuse(ProblemReply)
    /// No body, or an empty one.
    case none
    /// A body in memory. Content-Type must be one of `contentTypes` (media types without parameters, lower case), unless the
    /// list is empty.
    case buffer(maxBytes: Int, contentTypes: [String])
    /// A body, or the one file of a multipart/form-data body, into a new file of `directory`. Room for it is claimed of `budget`,
    /// if there is one, before it is written, and given back when the file is taken or the exchange ends.
    case file(maxBytes: Int, directory: String, budget: (any UploadBudget)?)
}

/// A reply that the application made for a refusal.
public struct ProblemReply: Sendable {
    public var status: Int
    /// Must hold Content-Type.
    public var headers: [(String, String)]
    public var body: [UInt8]

    public init(status: Int, headers: [(String, String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The body of a request as it reaches the application.
public enum RequestBody: Sendable {
    case none
    case bytes([UInt8])
    /// A file of the rule's directory. It is removed when the exchange ends, unless `takeUpload` was called.
    case file(UploadedFile)
    /// The body could not be stored.
    case failed(UploadFailure)
}

/// A body that was written to a file.
public struct UploadedFile: Hashable, Sendable {
    /// A name of the server's own in the directory of the rule.
    public var path: String
    public var byteCount: Int
    /// Of the multipart part when there was one, otherwise of the request; nil when none was given.
    public var contentType: String?
    /// As the client sent it in multipart/form-data: never to be used as a path.
    public var fileName: String?
}

/// Why a body could not be stored.
public struct UploadFailure: Error, Hashable, Sendable {
    /// The system's error, ENOSPC for a full disk.
    public var errorNumber: Int32
}

/// Names one exchange; stale ids name nothing.
public struct ExchangeID: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}
