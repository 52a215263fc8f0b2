// Which path means what. A pure function from path to route; each route states its methods and what it needs of its caller.

import MillstreamAccess
import MillstreamHTTP
import MillstreamJournal

/// What a path names. Names in it are decoded and valid.
@_spi(Benchmarks) public enum Route: Equatable, Sendable {
    /// A file of the page, by its path.
    case page(String)
    case livez
    case readyz
    case metrics
    case openAPI
    case jobs
    case job(JobID)
    case jobEvents(JobID)
    case jobInput(JobID)
    case jobCancel(JobID)
    case events
    case channelEvents(String)
    case uploads

    enum Method: String, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case options = "OPTIONS"

        init?(_ method: HTTPMethod) {
            switch method {
            case .get: self = .get
            case .head: self = .head
            case .post: self = .post
            case .options: self = .options
            default: return nil
            }
        }
    }

    /// Nil when no route has this path. The bytes are those of the request's head: no text is made but of what it names.
    ///
    /// Each segment is decoded by itself, the fixed ones too (RFC 3986 section 6.2.2.2): an encoded slash is a character of its
    /// segment and parts nothing.
    @_spi(Benchmarks) public init?(path: ArraySlice<UInt8>) {
        // As nearly all are written.
        if path.starts(with: "/v1/".utf8) {
            self.init(version1: path.dropFirst(4))
            return
        }
        guard path.first == UInt8(ascii: "/") else { return nil }
        let end = path.dropFirst().firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
        guard let first = PercentCoding.decode(path[..<end].dropFirst(), plusIsSpace: false) else { return nil }
        if end == path.endIndex {
            self.init(outsideOfVersions: "/" + first)
        } else {
            guard first == "v1" else { return nil }
            self.init(version1: path[(end + 1)...])
        }
    }

    private init?(outsideOfVersions path: String) {
        switch path {
        case "/livez": self = .livez
        case "/readyz": self = .readyz
        case "/metrics": self = .metrics
        case "/openapi.json": self = .openAPI
        default:
            guard PageFile.at(path) != nil else { return nil }
            self = .page(path)
        }
    }

    /// Of what stands behind the version and its slash.
    private init?(version1 path: ArraySlice<UInt8>) {
        var segments: [String] = []
        var start = path.startIndex
        while true {
            let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
            // No path has more than three.
            guard segments.count < 3, let segment = PercentCoding.decode(path[start..<end], plusIsSpace: false) else {
                return nil
            }
            segments.append(segment)
            guard end < path.endIndex else { break }
            start = end + 1
        }
        self.init(version1: segments)
    }

    private init?(version1 segments: [String]) {
        switch (segments.count, segments[0]) {
        case (1, "jobs"): self = .jobs
        case (1, "events"): self = .events
        case (1, "uploads"): self = .uploads
        case (2, "jobs"):
            guard let id = JobID(segments[1]) else { return nil }
            self = .job(id)
        case (3, "jobs"):
            guard let id = JobID(segments[1]) else { return nil }
            switch segments[2] {
            case "events": self = .jobEvents(id)
            case "input": self = .jobInput(id)
            case "cancel": self = .jobCancel(id)
            default: return nil
            }
        case (3, "channels"):
            guard segments[2] == "events", ChannelName.isValid(segments[1]) else { return nil }
            self = .channelEvents(segments[1])
        default: return nil
        }
    }

    var methods: [Method] {
        switch self {
        case .page, .livez, .readyz, .metrics, .openAPI, .job, .events: [.get, .head, .options]
        case .jobs, .jobEvents: [.get, .head, .post, .options]
        case .jobInput, .jobCancel, .channelEvents, .uploads: [.post, .options]
        }
    }

    /// The value of `Allow`.
    var allow: String { methods.map(\.rawValue).joined(separator: ", ") }

    func need(for method: Method) -> RouteNeed {
        switch self {
        case .page, .livez, .readyz, .openAPI: .nothing
        case .metrics: .operator
        case .jobs: method == .post ? .publisher : .reader
        case .job, .events: .reader
        case .jobEvents: method == .post ? .worker : .reader
        case .jobInput, .jobCancel, .channelEvents, .uploads: .publisher
        }
    }

    var resource: AccessResource {
        switch self {
        case .job(let id), .jobEvents(let id), .jobInput(let id), .jobCancel(let id): .log(.job(id))
        case .channelEvents(let name): .log(.channel(name))
        default: .server
        }
    }
}
