// The events of a commit, written on one thread and taken in by the hub on another: the same text as a log's own, in whatever parts.

import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamStreams

@Suite struct CommitTextsTests {
    private let epoch: Epoch

    init() throws {
        epoch = try #require(Epoch("e1"))
    }

    private func events(_ range: ClosedRange<Int64>, named name: String = "step") -> [EventRecord] {
        range.map {
            let data = JSONText(trusted: Array("{\"n\":\($0)}".utf8))
            return EventRecord(sequence: $0, name: name, data: data, time: Timestamp(milliseconds: 0))
        }
    }

    private func text(_ range: ClosedRange<Int64>, named name: String = "step") -> String {
        range.map { "id: e1-\($0)\nevent: \(name)\ndata: {\"n\":\($0)}\n\n" }.joined()
    }

    private func text(_ held: EncodedEvents, _ range: ClosedRange<Int64>) -> String {
        held.withText(of: range) { String(decoding: $0, as: UTF8.self) }
    }

    @Test func aLogTakesItsPartAndLeavesOutWhatItHas() {
        var texts = CommitTexts()
        texts.append(.channel("a"), LogRef(1), epoch, events(1...3))
        texts.append(.channel("b"), LogRef(2), epoch, events(7...9, named: "progress"))
        texts.append(.channel("b"), LogRef(2), epoch, events(8...11))
        let log = LiveLog(name: .channel("b"), index: 0, run: 1)
        texts.withPieces { pieces in
            #expect(log.append(pieces.runs[1], pieces) == (3, text(7...9, named: "progress").utf8.count))
            #expect(log.newestProgress == 9)
            #expect(log.append(pieces.runs[2], pieces) == (2, text(10...11).utf8.count))
            #expect(log.append(pieces.runs[2], pieces) == (0, 0))
        }
        #expect(text(log.recent, 7...11) == text(7...9, named: "progress") + text(10...11))
        #expect((7...11).map { log.recent.isProgress($0) } == [true, true, true, false, false])
        #expect(log.recent.byteCount(of: 10) == text(10...10).utf8.count)
        #expect(log.tickFirst == 7 && log.lastSequence == 11 && log.newestProgress == 9)
    }

    /// What follows a hole is not told as text, but known to be there: readers fetch it.
    @Test func whatFollowsAHoleIsKnownButWithoutText() {
        let fixture = HubFixture()
        let run = fixture.create(.a)
        let records = (1...4).map { fixture.store.append("step", "\($0)", to: run) }
        let reader = fixture.open(.a)
        fixture.settle()
        fixture.hub.commitEvents(.a, run.ref, run.epoch, [records[0], records[1], records[3]])
        fixture.flush()
        fixture.settle()
        #expect(fixture.ids(reader) == ["e1-1", "e1-2", "e1-3", "e1-4"])
    }

    /// Texts of all sizes, around those at which a log's memory grows.
    @Test func textsOfAllSizesStayWhole() {
        let log = LiveLog(name: .channel("c"), index: 0, run: 1)
        var whole = ""
        for sequence in Int64(1)...60 {
            let padding = String(repeating: "x", count: Int(sequence * sequence) % 1_500)
            let data = JSONText(trusted: Array("\"\(padding)\"".utf8))
            let event = EventRecord(sequence: sequence, name: "step", data: data, time: Timestamp(milliseconds: 0))
            var texts = CommitTexts()
            texts.append(.channel("c"), LogRef(1), epoch, [event])
            texts.withPieces { _ = log.append($0.runs[0], $0) }
            whole += "id: e1-\(sequence)\nevent: step\ndata: \"\(padding)\"\n\n"
            #expect(text(log.recent, 1...sequence) == whole)
        }
    }

    /// What is live and what is read again from the store must not differ.
    @Test(arguments: [
        ("step", "{}"), ("step", "1\n2\n"), ("step", "\n"), ("progress", ""), ("two\nlines", "{}"),
        ("two\nlines", "1\r\n2"), ("step", String(repeating: "7", count: 900)),
        ("step", String(repeating: "7", count: 1_100)), ("step", String(repeating: "77\n", count: 2_000)),
    ])
    func aCommitsTextIsThatOfAPage(name: String, data: String) {
        let events = (Int64(8)...11).map {
            EventRecord(
                sequence: $0, name: name, data: JSONText(trusted: Array(data.utf8)), time: Timestamp(milliseconds: 0))
        }
        let page = EncodedEvents(events, epoch: epoch)
        var texts = CommitTexts()
        texts.append(.channel("other"), LogRef(9), epoch, self.events(1...3))
        texts.append(.channel("c"), LogRef(1), epoch, events)
        let log = LiveLog(name: .channel("c"), index: 0, run: 1)
        texts.withPieces { _ = log.append($0.runs[1], $0) }
        #expect(text(log.recent, 8...11) == text(page, 8...11))
        for sequence in Int64(8)...11 {
            #expect(log.recent.isProgress(sequence) == page.isProgress(sequence))
            let afterID = log.recent.withTextAfterID(of: sequence) { Array($0) }
            #expect(afterID == page.withTextAfterID(of: sequence) { Array($0) })
        }
    }
}
