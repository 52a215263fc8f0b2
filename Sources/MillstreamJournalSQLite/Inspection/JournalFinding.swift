// What a check found. A plain value.

/// One thing that should not be in a journal.
public struct JournalFinding: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        /// SQLite's own check, or a row that cannot be read.
        case file
        /// Events of a log are missing or too many.
        case log
        /// An ended job without its terminal event, or a terminal event where none may be.
        case terminal
        /// Event data or a text of a job that is not JSON, or not as long as its record says.
        case data
        /// A row whose job or channel is not there.
        case orphan
        /// A count or a highest number that the rows contradict.
        case count
    }

    public var kind: Kind
    /// `job:ID`, `channel:NAME`, `log 17`, or empty for the file as a whole.
    public var subject: String
    public var message: String

    public init(_ kind: Kind, _ subject: String, _ message: String) {
        self.kind = kind
        self.subject = subject
        self.message = message
    }

    public var description: String {
        subject.isEmpty ? "\(kind.rawValue): \(message)" : "\(kind.rawValue): \(subject): \(message)"
    }
}
