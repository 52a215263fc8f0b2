// Everything that the server refuses is one of these, rendered as RFC 9457 `application/problem+json`. The cases and their
// statuses stand in one table, so that a client can rely on the pair.

import MillstreamJSON

/// A refusal: which one, what exactly was wrong, and with which fields.
struct Problem: Error, Sendable, Equatable {
    /// The table from failure to status. The raw value is the last part of the problem's `type`.
    enum Code: String, Sendable, CaseIterable {
        case malformedRequest = "malformed-request"
        case malformedJSON = "malformed-json"
        case unknownMember = "unknown-member"
        case wrongType = "wrong-type"
        case malformedCursor = "malformed-cursor"
        case channelFencing = "channel-fencing"
        case unauthorized = "unauthorized"
        case forbidden = "forbidden"
        case foreignOrigin = "foreign-origin"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case notAcceptable = "not-acceptable"
        case requestTimeout = "request-timeout"
        case idInUse = "id-in-use"
        case jobEnded = "job-ended"
        case pastAttempt = "past-attempt"
        case sequenceGap = "sequence-gap"
        case tooManyMessages = "too-many-messages"
        case lengthRequired = "length-required"
        case contentTooLarge = "content-too-large"
        case uriTooLong = "uri-too-long"
        case unsupportedMediaType = "unsupported-media-type"
        case expectationFailed = "expectation-failed"
        case unknownKind = "unknown-kind"
        case unknownUpload = "unknown-upload"
        case invalidValue = "invalid-value"
        case reservedEventName = "reserved-event-name"
        case idempotencyMismatch = "idempotency-mismatch"
        case headTooLarge = "head-too-large"
        case internalError = "internal-error"
        case queueFull = "queue-full"
        case limitReached = "limit-reached"
        case draining = "draining"
        case overloaded = "overloaded"
        case storeUnavailable = "store-unavailable"
        case notReady = "not-ready"
        case methodNotImplemented = "method-not-implemented"
        case versionNotSupported = "http-version-not-supported"
        case insufficientStorage = "insufficient-storage"

        var status: Int { row.status }
        var title: String { row.title }

        private var row: (status: Int, title: String) {
            switch self {
            case .malformedRequest: (400, "The request cannot be read")
            case .malformedJSON: (400, "The body is not valid JSON")
            case .unknownMember: (400, "The body has a member that is not known")
            case .wrongType: (400, "A value has the wrong type")
            case .malformedCursor: (400, "The cursor cannot be read")
            case .channelFencing: (400, "Channels know neither attempt nor sequence")
            case .unauthorized: (401, "Unauthorized")
            case .forbidden: (403, "Forbidden")
            case .foreignOrigin: (403, "Pages of this origin may not do that")
            case .notFound: (404, "Not found")
            case .methodNotAllowed: (405, "Method not allowed")
            case .notAcceptable: (406, "Not acceptable")
            case .requestTimeout: (408, "The request did not arrive in time")
            case .idInUse: (409, "A job of this id has not ended")
            case .jobEnded: (409, "The job has ended")
            case .pastAttempt: (409, "The attempt is not the present one")
            case .sequenceGap: (409, "The sequence skips")
            case .tooManyMessages: (409, "The job takes no more messages")
            case .lengthRequired: (411, "Length required")
            case .contentTooLarge: (413, "Content too large")
            case .uriTooLong: (414, "URI too long")
            case .unsupportedMediaType: (415, "Unsupported media type")
            case .expectationFailed: (417, "Expectation failed")
            case .unknownKind: (422, "Unknown kind")
            case .unknownUpload: (422, "Unknown upload")
            case .invalidValue: (422, "A value was refused")
            case .reservedEventName: (422, "This event name is the server's own")
            case .idempotencyMismatch: (422, "The key was used with another body")
            case .headTooLarge: (431, "Request header fields too large")
            case .internalError: (500, "Internal error")
            case .methodNotImplemented: (501, "Method not implemented")
            case .queueFull: (503, "The queue is full")
            case .limitReached: (503, "A bound of the server is reached")
            case .draining: (503, "The server is draining")
            case .overloaded: (503, "Too many requests at once")
            case .storeUnavailable: (503, "The store is unavailable")
            case .notReady: (503, "Not ready")
            case .versionNotSupported: (505, "HTTP version not supported")
            case .insufficientStorage: (507, "Insufficient storage")
            }
        }
    }

    struct FieldError: Sendable, Equatable {
        var field: String
        var message: String
    }

    var code: Code
    var detail: String
    var fields: [FieldError] = []
    /// A further member, such as `expected_sequence`.
    var extra: [(name: String, value: JSONText)] = []
    var headers: [(String, String)] = []
    /// The bound that was reached, when it is counted where the problem is told.
    var limit: ReachedLimit?
    /// Whether the store has no room.
    var isStoreFull = false

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    static func == (one: Problem, other: Problem) -> Bool {
        one.code == other.code && one.detail == other.detail && one.fields == other.fields
    }

    /// One field's error, told as the detail too.
    static func field(_ code: Code, _ field: String, _ message: String) -> Problem {
        var problem = Problem(code, "\(field): \(message)")
        problem.fields = [FieldError(field: field, message: message)]
        return problem
    }

    static let contentType = ("Content-Type", "application/problem+json")

    func body(requestID: String) -> [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.member("type", "/problems/\(code.rawValue)")
        writer.member("title", code.title)
        writer.member("status", code.status)
        writer.member("detail", detail)
        if !fields.isEmpty {
            writer.name("errors")
            writer.beginArray()
            for field in fields {
                writer.beginObject()
                writer.member("field", field.field)
                writer.member("message", field.message)
                writer.endObject()
            }
            writer.endArray()
        }
        for member in extra { writer.member(member.name, member.value) }
        writer.member("request_id", requestID)
        writer.endObject()
        return writer.finish().bytes
    }
}
