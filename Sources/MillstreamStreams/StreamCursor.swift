// Where a reader says it stands. Pure functions on text that a peer chose; nothing here looks at a log.

import MillstreamJournal

/// Why a cursor cannot be read: 400.
public struct CursorError: Error, Hashable, Sendable {
    /// For the problem's `detail`; without a byte of the cursor.
    public let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// A cursor that could be read; whether it fits the logs is for ``StreamAdmission`` to say.
public enum StreamCursor: Hashable, Sendable {
    /// `<epoch>-<seq>`: the last event of one log that the reader has.
    case event(EventID)
    /// A token for several logs, in the order of the query.
    case combined(CombinedCursor)
    /// `starting_after`: a number in the log as it is now.
    case sequence(Int64)

    /// The longest cursor in bytes.
    public static let maxBytes = 2_048

    /// Reads the first of the three forms that is there, in this order; a form that is empty counts as missing.
    /// Nil: the reader has nothing yet.
    public static func parse(
        lastEventIDHeader: String?, lastEventIDQuery: String?, startingAfter: String?
    ) throws(CursorError) -> StreamCursor? {
        if let text = lastEventIDHeader, !text.isEmpty { return try parse(text, of: "Last-Event-ID") }
        if let text = lastEventIDQuery, !text.isEmpty { return try parse(text, of: "last_event_id") }
        guard let text = startingAfter, !text.isEmpty else { return nil }
        guard let sequence = Self.number(text.utf8) else {
            throw CursorError("starting_after is not a number of at most 18 digits")
        }
        return .sequence(sequence)
    }

    /// The cursor of a page of one log (`?after=`): an event's id or its number.
    public static func parse(after text: String) throws(CursorError) -> StreamCursor {
        if let sequence = number(text.utf8) { return .sequence(sequence) }
        guard let id = EventID(text) else { throw CursorError("after is neither an event's id nor its number") }
        return .event(id)
    }

    private static func parse(_ text: String, of field: String) throws(CursorError) -> StreamCursor {
        guard text.utf8.count <= maxBytes else { throw CursorError("\(field) is longer than \(maxBytes) bytes") }
        if let id = EventID(text) { return .event(id) }
        guard let combined = CombinedCursor(text) else {
            throw CursorError("\(field) is not an id that a stream of this server gave")
        }
        return .combined(combined)
    }

    private static func number(_ digits: String.UTF8View) -> Int64? {
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// One start per log, in order; nil when the cursor is for another number of logs.
    func starts(logCount: Int) -> [StartPoint]? {
        switch self {
        case .event(let id): logCount == 1 ? [.after(id)] : nil
        case .sequence(let sequence): logCount == 1 ? [.sequence(sequence)] : nil
        case .combined(let cursor):
            logCount > 1 && cursor.positions.count == logCount
                ? cursor.positions.map { $0.map(StartPoint.after) ?? .beginning } : nil
        }
    }
}
