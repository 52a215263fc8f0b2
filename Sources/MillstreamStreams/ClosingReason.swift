// Why the server ends a stream before its log has ended. A value.

/// The words of the `closing` event.
public enum ClosingReason: String, Hashable, Sendable, CaseIterable {
    /// The server stops.
    case drain
    /// The connection reached its maximum age.
    case maxAge = "max_age"
    /// Too many readers, or too much is asked of the store.
    case overload
    /// The store cannot be read.
    case store
    /// The reader's token expired.
    case token
}
