// Cursors as peers send them, and what becomes of a request.

import MillstreamJournal
import MillstreamStreams
import Testing

@Suite struct CursorTests {
    private func parse(_ header: String?, _ query: String? = nil, _ after: String? = nil) throws -> StreamCursor? {
        try StreamCursor.parse(lastEventIDHeader: header, lastEventIDQuery: query, startingAfter: after)
    }

    private func id(_ text: String) -> EventID { EventID(text)! }

    @Test func headerGoesBeforeQueryAndQueryBeforeStartingAfter() throws {
        #expect(try parse("k3-1", "k3-2", "3") == .event(id("k3-1")))
        #expect(try parse(nil, "k3-2", "3") == .event(id("k3-2")))
        #expect(try parse(nil, nil, "3") == .sequence(3))
        #expect(try parse(nil) == nil)
        #expect(try parse("", "") == nil)
    }

    @Test(arguments: [
        "x", "k3", "k3-", "-1", "k3-x", "K3-1", "k3--1", "k3-1 ", "k3-1-2", "k3-1\n", "0-k3-1-k3", "0-K-1-k-1",
        "2-k3-1-k3-1", "00-k3-1-k3-1", "+0-k3-1-k3-1", "0-k3-1-k3-", "0-k3-zzzzzzzzzzzzz-k3-1", "é-1",
        "k3-1234567890123456789",
    ])
    func unreadableCursorIsRefused(_ text: String) {
        #expect(throws: CursorError.self) { try parse(text) }
        #expect(throws: CursorError.self) { try parse(nil, text) }
    }

    @Test(arguments: ["-1", "x", "1.0", "+1", "1234567890123456789", "٣"])
    func unreadableStartIsRefused(_ text: String) {
        #expect(throws: CursorError.self) { try parse(nil, nil, text) }
    }

    @Test func cursorAtTheBoundIsReadAndOnePastItIsNot() throws {
        #expect(throws: CursorError.self) { try parse(String(repeating: "a", count: 2049)) }
        let longest = CombinedCursor(
            positions: Array(
                repeating: EventID(epoch: Epoch("zzzzzzzzzzzz")!, sequence: 999_999_999_999_999_999), count: 64))
        let text = longest.text(of: 63)
        #expect(text.utf8.count <= StreamCursor.maxBytes)
        #expect(try parse(text) == .combined(longest))
        let tooMany = CombinedCursor(positions: longest.positions + [nil])
        #expect(throws: CursorError.self) { try parse(tooMany.text(of: 0)) }
    }

    @Test func combinedCursorIsWrittenCompactlyAndReadBack() throws {
        let cursor = CombinedCursor(positions: [id("k3f9-17"), nil, id("0-5"), id("x-1296")])
        #expect(cursor.text(of: 3) == "3-k3f9-h-0-0-0-5-x-100")
        #expect(try parse(cursor.text(of: 3)) == .combined(cursor))
    }

    // MARK: Admission

    private func log(_ name: LogName, last: Int64 = 5, ended: Bool = true) -> StreamRequest.Log {
        let extent = LogExtent(ref: LogRef(1), epoch: Epoch("k3")!, lastSequence: last, hasEnded: ended)
        return StreamRequest.Log(name: name, extent: extent, snapshot: [])
    }

    private func decide(_ logs: [StreamRequest.Log], _ cursor: StreamCursor?) -> StreamAdmission {
        StreamAdmission.decide(StreamRequest(logs: logs, cursor: cursor))
    }

    @Test func nothingIsLeftAtTheEndOfAnEndedLog() {
        #expect(decide([log(.a)], .event(id("k3-5"))) == .nothingLeft)
        #expect(decide([log(.a)], .sequence(5)) == .nothingLeft)
        #expect(decide([log(.a)], .event(id("k3-4"))) == .stream)
        #expect(decide([log(.a)], .event(id("k3-6"))) == .stream)
        #expect(decide([log(.a)], .event(id("zz-5"))) == .stream)
        #expect(decide([log(.a, ended: false)], .event(id("k3-5"))) == .stream)
        #expect(decide([log(.a)], nil) == .stream)
    }

    @Test func severalLogsMustAllBeAtTheirEnd() {
        let atEnd = StreamCursor.combined(CombinedCursor(positions: [id("k3-5"), id("k3-5")]))
        let oneBehind = StreamCursor.combined(CombinedCursor(positions: [id("k3-5"), nil]))
        #expect(decide([log(.a), log(.b)], atEnd) == .nothingLeft)
        #expect(decide([log(.a), log(.b)], oneBehind) == .stream)
        #expect(decide([log(.a), log(.b, ended: false)], atEnd) == .stream)
    }

    @Test func channelsAlwaysStream() {
        #expect(decide([log(.news)], .event(id("k3-5"))) == .stream)
        let atEnd = StreamCursor.combined(CombinedCursor(positions: [id("k3-5"), id("k3-5")]))
        #expect(decide([log(.a), log(.news)], atEnd) == .stream)
    }

    @Test func cursorForAnotherNumberOfLogsIsRefused() {
        let two = StreamCursor.combined(CombinedCursor(positions: [nil, nil]))
        for (logs, cursor): ([StreamRequest.Log], StreamCursor) in [
            ([log(.a)], two), ([log(.a), log(.b), log(.news)], two), ([log(.a), log(.b)], .event(id("k3-1"))),
            ([log(.a), log(.b)], .sequence(1)),
        ] {
            guard case .badCursor = decide(logs, cursor) else {
                Issue.record("accepted \(cursor) for \(logs.count) logs")
                continue
            }
        }
    }
}
