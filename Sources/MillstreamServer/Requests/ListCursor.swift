// Where a list of jobs goes on: what `next_cursor` says and `?cursor=` brings back. Opaque to clients. A value.

import MillstreamJournal

/// A place in the list: the jobs that are older than one.
struct ListCursor: Equatable {
    /// The last job of the page before. It need not be there any more.
    let before: LogRef

    /// Tells a cursor from a word that happens to be a number, and this form from one that may follow it.
    private static let mark = "before-"

    init(before: LogRef) {
        self.before = before
    }

    /// Nil for what `description` never gives: there is one spelling of each cursor.
    init?(_ text: String) {
        guard text.hasPrefix(Self.mark), let number = Int64(text.dropFirst(Self.mark.count), radix: 36), number >= 0
        else {
            return nil
        }
        self.init(before: LogRef(number))
        guard description == text else { return nil }
    }

    /// Out of `[a-z0-9-]`, so it stands in a query as it is.
    var description: String {
        Self.mark + String(before.number, radix: 36)
    }
}
