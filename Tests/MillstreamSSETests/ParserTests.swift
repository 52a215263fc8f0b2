// The examples and rules of WHATWG HTML 9.2, the bounds, and the same events from any split of the bytes.

import MillstreamSSE
import MillstreamTestSupport
import Testing

private func parse(_ stream: String) -> [ServerSentEvent] {
    var parser = SSEParser()
    var events: [ServerSentEvent] = []
    parser.push(stream.utf8) { events.append($0) }
    return events
}

private func message(_ data: String, id: String = "", name: String = "message") -> ServerSentEvent {
    ServerSentEvent(id: id, name: name, data: data)
}

@Suite struct ParserTests {
    // The examples of WHATWG HTML, section 9.2.6.
    @Test func theExamplesOfTheStandardGiveWhatTheStandardSays() {
        #expect(parse("data: YHOO\ndata: +2\ndata: 10\n\n") == [message("YHOO\n+2\n10")])
        #expect(
            parse(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n")
                == [message("first event", id: "1"), message("second event"), message(" third event")]
        )
        #expect(parse("data\n\ndata\ndata\n\ndata:") == [message(""), message("\n")])
        #expect(parse("data:test\n\ndata: test\n\n") == [message("test"), message("test")])
    }

    @Test(arguments: ["\n", "\r", "\r\n"])
    func eachLineEndIsALineEnd(_ end: String) {
        let lines = ["event: a", "data: 1", "", "data: 2", "data: 3", "", ""]
        #expect(parse(lines.joined(separator: end)) == [message("1", name: "a"), message("2\n3")])
    }

    @Test func onlyOneSpaceAfterTheColonIsTaken() {
        #expect(parse("data:  x \n\n") == [message(" x ")])
        #expect(parse("data:\tx\n\n") == [message("\tx")])
        #expect(parse("event:  n\ndata:a:b: c\n\n") == [message("a:b: c", name: " n")])
    }

    @Test func fieldNamesAreExact() {
        #expect(parse("Data: x\n\n data: x\n\ndata : x\n\ndata\u{0}: x\n\nfoo: x\n\nfoo\n\n").isEmpty)
    }

    @Test func commentsAreCountedAndMakeNoEvent() {
        var parser = SSEParser()
        parser.push(": heartbeat\n:\n\n: data: x\n\n".utf8) { _ in Issue.record("an event came of a comment") }
        #expect(parser.commentCount == 3)
    }

    @Test func aByteOrderMarkIsTakenOnceAndOnlyAtTheStart() {
        #expect(parse("\u{FEFF}data: x\n\n") == [message("x")])
        #expect(parse("\u{FEFF}\u{FEFF}data: x\n\n").isEmpty)
        #expect(parse("data: a\n\n\u{FEFF}data: x\n\n") == [message("a")])
        #expect(parse("\n\u{FEFF}data: x\n\n").isEmpty)
        #expect(parse("data: \u{FEFF}\n\n").map(Bytes.init) == [Bytes(message("\u{FEFF}"))])
    }

    @Test func aBlockWithoutDataMakesNoEventAndForgetsItsName() {
        #expect(parse("event: a\n\ndata: x\n\n") == [message("x")])
        #expect(parse("retry: 5\n\nid: 7\n\ndata: x\n\n") == [message("x", id: "7")])
    }

    @Test func aNameLastsForOneEventAndAnIDUntilTheNext() {
        #expect(
            parse("id: 1\nevent: a\ndata: x\n\ndata: y\n\nid: 2\ndata: z\n\nid:\ndata: w\n\n")
                == [message("x", id: "1", name: "a"), message("y", id: "1"), message("z", id: "2"), message("w")]
        )
        #expect(parse("event: a\nevent: b\nevent\ndata: x\n\n") == [message("x")])
    }

    @Test func anIDWithNULIsIgnored() {
        #expect(parse("id: 1\ndata: x\n\nid: 2\u{0}\ndata: y\n\nid: \u{0}\ndata: z\n\n").map(\.id) == ["1", "1", "1"])
    }

    @Test func theIDToReconnectWithIsThatOfTheLastFinishedBlock() {
        var parser = SSEParser(lastEventID: "0")
        #expect(parser.lastEventID == "0")
        parser.push("data: x\n\n".utf8) { #expect($0.id == "0") }
        parser.push("id: 1\ndata: x\n".utf8) { _ in Issue.record("the block is not finished") }
        #expect(parser.lastEventID == "0")
        parser.push("\n".utf8) { #expect($0.id == "1") }
        #expect(parser.lastEventID == "1")
        parser.push("id: 2\n\n".utf8) { _ in Issue.record("there is no data") }
        #expect(parser.lastEventID == "2")
    }

    @Test func theEndOfTheStreamDiscardsAnUnfinishedBlockAndALaterStreamStartsAnew() {
        var parser = SSEParser()
        var events: [ServerSentEvent] = []
        parser.push("id: 1\nretry: 9\ndata: x\n\nid: 2\nevent: n\ndata: lost\nda".utf8) { events.append($0) }
        parser.finish()
        #expect(parser.lastEventID == "1")
        parser.push("\u{FEFF}data: y\n\n".utf8) { events.append($0) }
        #expect(events == [message("x", id: "1"), message("y", id: "1")])
        #expect(parser.reconnectionTimeMs == 9)
        parser.push("data: z\r".utf8) { events.append($0) }
        parser.finish()
        parser.push("\ndata: w\n\n".utf8) { events.append($0) }
        #expect(events.count == 3)
        #expect(events.last?.data == "w")
    }

    @Test(arguments: [
        ("0", 0), ("1000", 1000), ("0001000", 1000), ("2147483647", 2_147_483_647), ("2147483648", 2_147_483_647),
        ("99999999999999999999999999999999999999", 2_147_483_647), ("00000000000000000000000000000000000001", 1),
    ])
    func retryTakesDigitsUpToItsBound(_ value: String, _ milliseconds: Int) {
        var parser = SSEParser()
        parser.push("retry: \(value)\n".utf8) { _ in }
        #expect(parser.reconnectionTimeMs == milliseconds)
    }

    @Test(arguments: ["", " 1", "1 ", "-1", "+1", "1.5", "1e3", "0x10", "１", "1\u{0}", "abc"])
    func retryOfAnythingElseIsIgnored(_ value: String) {
        var parser = SSEParser()
        parser.push("retry: 77\nretry: \(value)\nretry\n".utf8) { _ in }
        #expect(parser.reconnectionTimeMs == 77)
    }

    @Test func bytesThatAreNotUTF8BecomeReplacementCharacters() {
        var parser = SSEParser()
        var events: [ServerSentEvent] = []
        parser.push(Array("data: a".utf8) + [0xFF, 0xE2, 0x82] + Array("\ndata: ".utf8) + [0xC3] + Array("\n\n".utf8)) {
            events.append($0)
        }
        #expect(events == [message("a\u{FFFD}\u{FFFD}\n\u{FFFD}")])
    }
}

@Suite struct ParserBoundTests {
    private func failure(_ stream: String, maxEventBytes: Int, piece: Int) -> (SSEParser.Failure?, [ServerSentEvent]) {
        var parser = SSEParser(maxEventBytes: maxEventBytes)
        var events: [ServerSentEvent] = []
        let bytes = Array(stream.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            parser.push(bytes[start..<min(start + piece, bytes.count)]) { events.append($0) }
        }
        return (parser.failure, events)
    }

    @Test(arguments: [1, 3, 1000])
    func aLineIsTakenAtTheBoundAndRefusedOnePast(_ piece: Int) {
        let line = "data: 1234567890"
        let stream = "data: a\n\n\(line)\n\ndata: b\n\n"
        let (none, all) = failure(stream, maxEventBytes: line.utf8.count, piece: piece)
        #expect(none == nil)
        #expect(all.map(\.data) == ["a", "1234567890", "b"])
        let (tooLong, some) = failure(stream, maxEventBytes: line.utf8.count - 1, piece: piece)
        #expect(tooLong == .lineTooLong)
        #expect(some.map(\.data) == ["a"])
    }

    @Test(arguments: [1, 3, 1000])
    func theDataOfAnEventIsTakenAtTheBoundAndRefusedOnePast(_ piece: Int) {
        let stream = "data: 1234\ndata: 5678\ndata: 90\n\ndata: b\n\n"
        let (none, all) = failure(stream, maxEventBytes: 13, piece: piece)
        #expect(none == nil)
        #expect(all.map(\.data) == ["1234\n5678\n90", "b"])
        let (tooLong, some) = failure(stream, maxEventBytes: 12, piece: piece)
        #expect(tooLong == .eventTooLong)
        #expect(some.isEmpty)
    }

    @Test func aLineWithoutEndAndCommentsWithoutEndAreBounded() {
        for start in ["data: ", ": ", "x", ""] {
            let (tooLong, _) = failure(start + String(repeating: "y", count: 5000), maxEventBytes: 4096, piece: 100)
            #expect(tooLong == .lineTooLong)
        }
    }
}

@Suite struct SplitTests {
    private let alphabet: [[UInt8]] =
        [
            "data", "data:", "data: ", "event", "event: n", "id", "id: 1", "id: 2", "retry: 12", "retry: x", ":", ": c",
            " ", "\n", "\n", "\n", "\r",
            "\r", "\r\n", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "x", "é", "𝄞", "\u{FEFF}", "\u{0}", "data: {\"a\":1}\n\n",
            "data: long plain text\n",
        ].map { Array($0.utf8) } + [
            [0xFF], [0xEF], [0xEF, 0xBB], [0xBF], [0xE2, 0x82], [0xF0, 0x80, 0x80], [0xED, 0xA0, 0x80],
        ]

    private func check(_ stream: [UInt8], _ random: inout SeededRandom) {
        let expected = ReferenceParser(stream)
        for largest in [1, 2, 5, stream.count + 1] {
            var parser = SSEParser()
            var events: [ServerSentEvent] = []
            var rest = stream[...]
            while !rest.isEmpty {
                let piece = rest.prefix(random.int(largest > stream.count ? largest...largest : 0...largest))
                parser.push(piece) { events.append($0) }
                rest = rest.dropFirst(piece.count)
            }
            #expect(events.map(Bytes.init) == expected.events.map(Bytes.init), "seed \(random.seed)")
            #expect(parser.lastEventID == expected.lastEventID, "seed \(random.seed)")
            #expect(parser.reconnectionTimeMs == expected.reconnectionTimeMs, "seed \(random.seed)")
            #expect(parser.failure == nil)
        }
    }

    @Test func anySplitGivesTheEventsThatTheStandardGivesForTheWhole() {
        var random = SeededRandom()
        for _ in 0..<2000 {
            check((0..<random.int(0...25)).flatMap { _ in random.pick(alphabet) }, &random)
        }
    }

    @Test func randomBytesNeverTrapAndGiveTheSameEventsInAnySplit() {
        var random = SeededRandom()
        for _ in 0..<1000 {
            check(
                (0..<random.int(0...60)).map { _ in
                    UInt8(truncatingIfNeeded: random.next()) & random.pick([0x0F, 0xFF])
                }, &random)
        }
    }

    @Test func aSmallBoundGivesTheSameEventsAndTheSameFailureInAnySplit() {
        var random = SeededRandom()
        for _ in 0..<2000 {
            let stream = (0..<random.int(0...25)).flatMap { _ in random.pick(alphabet) }
            let maxEventBytes = random.int(0...24)
            var outcomes: [(events: [ServerSentEvent], failure: SSEParser.Failure?)] = []
            for largest in [1, 4, stream.count + 1] {
                var parser = SSEParser(maxEventBytes: maxEventBytes)
                var events: [ServerSentEvent] = []
                var rest = stream[...]
                while !rest.isEmpty {
                    let piece = rest.prefix(random.int(1...largest))
                    parser.push(piece) { events.append($0) }
                    rest = rest.dropFirst(piece.count)
                }
                outcomes.append((events, parser.failure))
            }
            #expect(outcomes.allSatisfy { $0 == outcomes[0] }, "seed \(random.seed)")
        }
    }
}
