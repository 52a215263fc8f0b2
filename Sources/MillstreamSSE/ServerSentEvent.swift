// One event as a reader of the stream sees it. A value that any thread may hold.

/// One dispatched event.
public struct ServerSentEvent: Hashable, Sendable {
    /// The last event id that is in force: this event's own, or that of an earlier event when it has none. Empty for
    /// none.
    public var id: String
    /// The event's name; `message` when the stream gave none.
    public var name: String
    /// The data, its lines joined by LF; bytes that are not UTF-8 became U+FFFD.
    public var data: String

    /// An event, for comparison and tests.
    public init(id: String, name: String, data: String) {
        self.id = id
        self.name = name
        self.data = data
    }
}
