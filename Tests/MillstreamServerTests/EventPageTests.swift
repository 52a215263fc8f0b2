// What a poller's cursor means, and which faults are whose.

import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import Testing

@testable import MillstreamServer

@Suite struct EventPageTests {
    private func record() throws -> JobRecord {
        var record = JobRecord(
            ref: LogRef(1), id: JobID(trusted: "a"), kind: "k", input: StoredValue(.emptyObject),
            epoch: try #require(EventID("e-1")).epoch, createdAt: Timestamp(milliseconds: 0))
        record.lastSequence = 3
        return record
    }

    @Test(arguments: [("e-2", 2), ("2", 2), ("e-3", 3), ("3", 3), ("0", 0), ("", 0)] as [(String, Int64)])
    func aCursorInTheLogIsWhereThePageBegins(cursor: String, after: Int64) throws {
        let page = try EventPage(of: record(), cursor: .parse(cursor))
        #expect(page.after == after && page.gap == nil)
    }

    @Test(arguments: [("e-4", "e-4"), ("4", "e-4"), ("x-1", "x-1")])
    func aCursorBeyondTheEndOrOfAnotherEpochGetsAGapAndTheWholeLog(cursor: String, from: String) throws {
        let page = try EventPage(of: record(), cursor: .parse(cursor))
        #expect(page.after == 0)
        #expect(page.gap?.text == #"{"from":"\#(from)","to":null,"reason":"epoch"}"#)
    }

    @Test func aFullServerIsNotTheRequestsFault() {
        #expect(Problem(LedgerRefusal.limit("all channels are taken")).code.status == 503)
        #expect(Problem(LedgerRefusal.limit("all channels are taken")).headers.map(\.0) == ["Retry-After"])
        #expect(Problem(LedgerRefusal.eventTooLarge(maxBytes: 5)).code.status == 422)
    }
}
