// Whether a request becomes a stream. A pure function of what the server knows.

import MillstreamJournal

/// What the server answers to a request for a stream.
public enum StreamAdmission: Hashable, Sendable {
    /// 200 and the stream.
    case stream
    /// 204: every log that was asked for has ended, and the cursor is at its last event. Stops a browser's EventSource.
    case nothingLeft
    /// 400.
    case badCursor(CursorError)

    /// Decides from the extents and the cursor of the request. A log without extent counts as one that goes on.
    public static func decide(_ request: StreamRequest) -> StreamAdmission {
        guard let cursor = request.cursor else { return .stream }
        guard let starts = cursor.starts(logCount: request.logs.count) else {
            return .badCursor(CursorError("the cursor is not one of a stream of these logs"))
        }
        let isAtEnd = zip(request.logs, starts).allSatisfy { log, start in
            guard case .job = log.name, let extent = log.extent, extent.hasEnded else { return false }
            let begin = start.resolved(in: extent)
            return begin.unknownCursor == nil && begin.sequence == extent.lastSequence
        }
        return isAtEnd && !request.logs.isEmpty ? .nothingLeft : .stream
    }
}
