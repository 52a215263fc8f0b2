// Where the calls of the contract live: the one place that spells the URLs which job objects carry.

import MillstreamJSON
import MillstreamJournal

public enum RoutePath {
    public static let jobs = "/v1/jobs"
    public static let channels = "/v1/channels"

    /// Ids are made of characters that need no escapes in a path.
    public static func job(_ id: JobID) -> String { "\(jobs)/\(id.text)" }

    /// What can be done with a job, as the end of its path.
    enum Action: String {
        case read = ""
        case events = "/events"
        case cancel = "/cancel"
    }

    /// The member `name` with the path of an action, written in place: every job object has three of them.
    static func write(_ name: StaticString, _ action: Action, _ id: JobID, to writer: inout JSONWriter) {
        writer.name(plain: name)
        writer.beginPlainString()
        writer.appendPlain(jobs)
        writer.appendPlain("/")
        writer.appendPlain(id.text)
        writer.appendPlain(action.rawValue)
        writer.endPlainString()
    }
}
