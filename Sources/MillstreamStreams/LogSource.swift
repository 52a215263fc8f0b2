// What the hub needs of the store. The server implements it over its replay lanes; answers come back through its mailbox.

import MillstreamJournal

/// The hub's number for a question that it asked.
public struct PageToken: Hashable, Sendable {
    public let number: UInt64

    public init(_ number: UInt64) {
        self.number = number
    }
}

/// The reading half of the journal, asked from the loop and never waited for.
///
/// A question that was taken is answered exactly once, in any order, never from within the call. The answer tells
/// everything that was committed before the question was asked. False: too much is asked already; the hub asks again later.
public protocol LogSource: AnyObject {
    /// The events with `sequence > after`, ascending: at most `maxEvents`, and no more once `maxBytes` of data were read, but
    /// at least one when there is one. Answer: ``StreamHub/pageArrived(_:_:)``.
    func requestPage(of ref: LogRef, after: Int64, maxEvents: Int, maxBytes: Int, token: PageToken) -> Bool
    /// The log that has the name now. Answer: ``StreamHub/headArrived(_:_:)``.
    func requestHead(of name: LogName, token: PageToken) -> Bool
}
