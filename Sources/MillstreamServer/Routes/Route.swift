// Which path means what. A pure function from path to route; each route states its methods and what it needs of its caller.

import MillstreamAccess
import MillstreamJournal

/// What a path names. Names in it are decoded and valid.
@_spi(Benchmarks) public enum Route: Equatable {
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
    }

    /// Nil when no route has this path.
    @_spi(Benchmarks) public init?(path: Substring) {
        switch path {
        case "/livez": self = .livez
        case "/readyz": self = .readyz
        case "/metrics": self = .metrics
        case "/openapi.json": self = .openAPI
        default:
            guard path.hasPrefix("/v1/") else {
                guard PageFile.at(String(path)) != nil else { return nil }
                self = .page(String(path))
                return
            }
            var segments: [String] = []
            for part in path.dropFirst(4).split(separator: "/", omittingEmptySubsequences: false) {
                guard let segment = PercentCoding.decode(part, plusIsSpace: false) else { return nil }
                segments.append(segment)
            }
            self.init(version1: segments)
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
            guard segments[2] == "events", JobID.isName(segments[1], maxLength: 128) else { return nil }
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
