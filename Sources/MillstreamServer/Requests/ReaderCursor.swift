// Where a request for a stream says that its reader stands: a header or one of two members of the query. Pure.

import MillstreamHTTP
import MillstreamStreams

/// A cursor that can be read, and where it was given.
struct ReaderCursor {
    let cursor: StreamCursor
    /// For a problem with it.
    let member: String

    /// In the order of the contract: header, `last_event_id`, `starting_after`. A browser that comes back sends the header beside the
    /// query of its first request. What does not count must be readable, too: otherwise it is refused on the first day that it counts.
    static func find(in headers: HTTPHeaders, _ query: Query) throws(Problem) -> ReaderCursor? {
        // Joined: of two headers neither is obeyed, because a list is no cursor.
        let (header, id) = (headers.joined("last-event-id"), try query.value("last_event_id"))
        let number = try query.value("starting_after")
        let ofHeader = try read("Last-Event-ID", header, nil, nil)
        let ofID = try read("last_event_id", nil, id, nil)
        let ofNumber = try read("starting_after", nil, nil, number)
        return ofHeader ?? ofID ?? ofNumber
    }

    private static func read(
        _ member: String, _ header: String?, _ id: String?, _ number: String?
    ) throws(Problem) -> ReaderCursor? {
        do throws(CursorError) {
            let cursor = try StreamCursor.parse(
                lastEventIDHeader: header, lastEventIDQuery: id, startingAfter: number)
            return cursor.map { ReaderCursor(cursor: $0, member: member) }
        } catch {
            throw unreadable(member, error)
        }
    }

    /// The same for a cursor that can be read and is not one of the logs that were asked for.
    func refusal(_ error: CursorError) -> Problem {
        Self.unreadable(member, error)
    }

    private static func unreadable(_ member: String, _ error: CursorError) -> Problem {
        var problem = Problem(.malformedCursor, error.reason)
        problem.fields = [Problem.FieldError(field: member, message: error.reason)]
        return problem
    }
}
