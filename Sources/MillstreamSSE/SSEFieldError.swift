// Why an event cannot be written. A value without the refused bytes.

/// A field that would change the meaning of the stream around it.
///
/// CR and LF in `id` or `event` let whoever chose the value write fields and whole events of his own; NUL in an `id`
/// makes readers drop it, and the cursor with it.
public enum SSEFieldError: Error, Hashable, Sendable {
    /// `id` contains CR, LF or NUL.
    case badID
    /// `event` contains CR, LF or NUL.
    case badName
    /// `retry` is negative.
    case badRetry
}
