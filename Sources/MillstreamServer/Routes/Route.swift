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

    /// Nil when no route has this path. The bytes are those of the request's head: no text is made but of the names in it.
    @_spi(Benchmarks) public init?(path: ArraySlice<UInt8>) {
        guard path.starts(with: "/v1/".utf8) else {
            self.init(outsideOfVersions: String(decoding: path, as: UTF8.self))
            return
        }
        var segments: [String] = []
        var start = path.startIndex + 4
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
