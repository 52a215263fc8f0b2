// Why a request is refused before the application answers it. Values; the application turns them into problem+json.

/// A refusal by the HTTP layer: one of a fixed table, with a sentence that names the fault.
public struct Refusal: Error, Hashable, Sendable {
    /// The HTTP status to answer with.
    public var status: Int
    /// Stable name of the problem type, in kebab case.
    public var code: String
    /// A sentence for the client's developer.
    public var detail: String
    /// Seconds for `Retry-After`, when waiting helps.
    public var retryAfterSeconds: Int?
    /// The bound that was reached, when it was one.
    public var bound: HTTPBound?

    public init(
        status: Int, code: String, detail: String, retryAfterSeconds: Int? = nil, bound: HTTPBound? = nil
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
        self.bound = bound
    }

    static func malformed(_ detail: String) -> Refusal {
        Refusal(status: 400, code: "malformed-request", detail: detail)
    }

    static let headTimeout = Refusal(
        status: 408, code: "request-timeout", detail: "The request's head did not arrive in time.",
        bound: .headTimeout)
    static func bodyTimeout(_ bound: HTTPBound) -> Refusal {
        Refusal(
            status: 408, code: "request-timeout", detail: "The request's body did not arrive in time.", bound: bound)
    }
    static let lengthRequired = Refusal(
        status: 411, code: "length-required", detail: "A POST needs Content-Length or a chunked body.")
    static func tooLarge(maxBytes: Int, _ bound: HTTPBound?) -> Refusal {
        Refusal(
            status: 413, code: "body-too-large", detail: "The body may have at most \(maxBytes) bytes here.",
            bound: bound)
    }
    static let targetTooLong = Refusal(
        status: 414, code: "target-too-long", detail: "The request target is longer than the limit.",
        bound: .targetBytes)
    static let contentEncoding = Refusal(
        status: 415, code: "unsupported-content-encoding", detail: "Bodies are taken uncompressed only.")
    static func contentType(allowed: [String]) -> Refusal {
        Refusal(
            status: 415, code: "unsupported-media-type",
            detail: "Content-Type must be \(allowed.joined(separator: " or ")).")
    }
    static let expectation = Refusal(
        status: 417, code: "expectation-failed", detail: "Only Expect: 100-continue is known.")
    static let headTooLarge = Refusal(
        status: 431, code: "header-too-large", detail: "The request's head is larger than the limit.",
        bound: .headBytes)
    static func tooManyFields(max: Int) -> Refusal {
        Refusal(
            status: 431, code: "header-too-large", detail: "The request has more than \(max) header fields.",
            bound: .headerFields)
    }
    static let methodUnknown = Refusal(
        status: 501, code: "method-not-implemented", detail: "This server is no proxy.")
    static let tooManyConnections = Refusal(
        status: 503, code: "too-many-connections", detail: "The server is at its connection limit.",
        retryAfterSeconds: 2)
    static let bodyMemory = Refusal(
        status: 503, code: "overloaded", detail: "The server holds as many request bodies as it may.",
        retryAfterSeconds: 1, bound: .bufferedBodyBytes)
    static let tooManyUploads = Refusal(
        status: 503, code: "too-many-uploads", detail: "The server takes as many uploads at a time as it may.",
        retryAfterSeconds: 5, bound: .uploads)
    static let noRoomForUpload = Refusal(
        status: 507, code: "insufficient-storage",
        detail: "The uploads together would be larger than they may; nothing was stored.", bound: .totalUploadBytes)
    static let outOfDescriptors = Refusal(
        status: 503, code: "overloaded", detail: "The server has no descriptor left.", retryAfterSeconds: 1)
    static let version = Refusal(
        status: 505, code: "http-version-not-supported", detail: "HTTP/1.0 and HTTP/1.1 are served.")
}
