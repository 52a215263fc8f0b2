// Why a text was refused as JSON. A plain value that any thread may hold; it carries no byte of the refused text, so
// that it can go into a log or a reply as it is.

/// The first fault found in a text that should have been JSON.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the fault is, in bytes from the start of the text; the length of the text when it ended too early.
    public var offset: Int
    /// What is wrong, in lower case without a full stop; never contains bytes of the refused text.
    public var reason: String

    /// A fault at a place.
    public init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    /// Reason and place in one line.
    public var description: String { "\(reason) at byte \(offset)" }
}
