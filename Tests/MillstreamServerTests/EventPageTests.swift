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

    /// A page has room for one gap.
    @Test(arguments: ["e-4", "4", "x-1"])
    func aCursorOfAnotherEpochIsToldOfThatAndByTheNextPageOfWhatRetentionTook(cursor: String) throws {
        var record = try record()
        record.trimmedThrough = 2
        record.state = .completed
        let kept = [EventRecord(sequence: 3, name: "e", data: .emptyObject, time: Timestamp(milliseconds: 0))]
        let first = try EventPage(of: record, cursor: .parse(cursor)).body(kept, head: record)
        let from = cursor == "4" ? "e-4" : cursor
        #expect(
            String(decoding: first, as: UTF8.self)
                == #"{"events":[],"next":"e-0","state":"completed","gap":{"from":"\#(from)","to":null,"reason":"epoch"}}"#
        )
        let second = try EventPage(of: record, cursor: .parse("e-0"))
        #expect(second.after == 2)
        #expect(second.gap?.text == #"{"from":"e-1","to":"e-2","reason":"retention"}"#)
        #expect(String(decoding: second.body(kept, head: record), as: UTF8.self).contains(#""seq":3"#))
    }

    /// Retention may take the begin between the look at the head and the reading of the events.
    @Test func aLogThatLosesItsBeginMeanwhileHidesNothing() throws {
        let page = try EventPage(of: record(), cursor: .parse("x-1"))
        var head = try record()
        head.trimmedThrough = 2
        let kept = [EventRecord(sequence: 3, name: "e", data: .emptyObject, time: Timestamp(milliseconds: 0))]
        let body = String(decoding: page.body(kept, head: head), as: UTF8.self)
        #expect(body.hasPrefix(#"{"events":[],"next":"e-0","#))
    }

    @Test func aFullServerIsNotTheRequestsFault() {
        #expect(Problem(LedgerRefusal.limit("all channels are taken")).code.status == 503)
        #expect(Problem(LedgerRefusal.limit("all channels are taken")).headers.map(\.0) == ["Retry-After"])
        #expect(Problem(LedgerRefusal.eventTooLarge(maxBytes: 5)).code.status == 422)
    }
}
