// Where the calls of the contract live: the one place that spells the URLs which job objects carry.

import MillstreamJournal

public enum RoutePath {
    public static let jobs = "/v1/jobs"
    public static let channels = "/v1/channels"

    /// Ids are made of characters that need no escapes in a path.
    public static func job(_ id: JobID) -> String { "\(jobs)/\(id.text)" }
    public static func events(_ id: JobID) -> String { "\(jobs)/\(id.text)/events" }
    public static func cancel(_ id: JobID) -> String { "\(jobs)/\(id.text)/cancel" }
}
