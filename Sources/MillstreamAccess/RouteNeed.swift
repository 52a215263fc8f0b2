// Who may do what. Values only: the one decision is `AccessPolicy.decide`, and each route states what it needs.

import MillstreamJournal

/// What a route asks of its caller. Every route has exactly one.
public enum RouteNeed: String, Sendable, CaseIterable {
    /// Anybody: the page, liveness, the contract.
    case nothing
    /// May see this job or channel.
    case reader
    /// May start jobs, publish events, send input, cancel.
    case publisher
    /// An outside worker.
    case worker
    /// May see all jobs and the server's own figures.
    case `operator`
}

/// What a request is about, as far as the route says.
public enum AccessResource: Sendable, Hashable {
    case server
    case log(LogName)
    case logs([LogName])
}

/// Who asks, once that is known.
public struct Principal: Sendable, Hashable {
    /// The token's subject; nil for a caller without one.
    public var subject: String?

    public init(subject: String?) {
        self.subject = subject
    }

    public static let anonymous = Principal(subject: nil)
}

public enum AccessDecision: Sendable, Hashable {
    case allowed(Principal)
    /// 401: who asks is not known.
    case unauthenticated
    /// 403: known, and not allowed.
    case forbidden
}
