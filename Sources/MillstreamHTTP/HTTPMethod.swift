// Request methods. A value; usable on every thread.

/// A request method; method names are case-sensitive (RFC 9110 section 9.1).
public enum HTTPMethod: Hashable, Sendable {
    case get, head, post, put, delete, options, patch, trace, connect
    /// Any other token of at most 32 characters.
    case other(String)

    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .other(let name): name
        }
    }

    init(_ bytes: UnsafeRawBufferPointer) {
        let name = String(decoding: bytes, as: UTF8.self)
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        case "PATCH": self = .patch
        case "TRACE": self = .trace
        case "CONNECT": self = .connect
        default: self = .other(name)
        }
    }
}

/// The HTTP versions that are served; others are refused with 505.
public enum HTTPVersion: Hashable, Sendable {
    case http10, http11
}
