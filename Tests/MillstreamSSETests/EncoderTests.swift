// Golden bytes of events, refused fields, and events that come back through the parser.

import MillstreamSSE
import MillstreamTestSupport
import Testing

private func encode(id: String?, name: String?, data: String, retryMs: Int? = nil) throws -> String {
    var output: [UInt8] = []
    try SSEEncoder.appendEvent(
        id: id.map { Array($0.utf8) }, name: name, data: Array(data.utf8), retryMs: retryMs, to: &output)
    return String(decoding: output, as: UTF8.self)
}

/// By scalars: to Swift's characters, CR and LF together are one that no search for CR finds.
private func withLineFeedsOnly(_ data: String) -> String {
    var result = String.UnicodeScalarView()
    var previous: Unicode.Scalar?
    for scalar in data.unicodeScalars {
        if scalar != "\n" || previous != "\r" { result.append(scalar == "\r" ? "\n" : scalar) }
        previous = scalar
    }
    return String(result)
}

@Suite struct EncoderTests {
    @Test func eventsHaveTheirGoldenBytes() throws {
        #expect(try encode(id: "k3f9-17", name: "progress", data: "{}") == "id: k3f9-17\nevent: progress\ndata: {}\n\n")
        #expect(
            try encode(id: nil, name: "status", data: "{\"a\":1}", retryMs: 1500)
                == "event: status\nretry: 1500\ndata: {\"a\":1}\n\n"
        )
        #expect(try encode(id: nil, name: nil, data: "x") == "data: x\n\n")
        #expect(try encode(id: "", name: "", data: "", retryMs: 0) == "id: \nretry: 0\ndata: \n\n")
        #expect(try encode(id: "é", name: "a b", data: " x") == "id: é\nevent: a b\ndata:  x\n\n")
    }

    @Test func heartbeatIsACommentOfOneLine() {
        #expect(SSEEncoder.heartbeat == Array(": heartbeat\n".utf8))
    }

    @Test(arguments: [
        ("a\nb", "data: a\ndata: b\n\n"), ("a\rb", "data: a\ndata: b\n\n"), ("a\r\nb", "data: a\ndata: b\n\n"),
        ("a\n\rb", "data: a\ndata: \ndata: b\n\n"), ("\n", "data: \ndata: \n\n"), ("\r\n", "data: \ndata: \n\n"),
        ("a\r", "data: a\ndata: \n\n"), ("\r\r\n\n", "data: \ndata: \ndata: \ndata: \n\n"),
        ("id: 9\n\nevent: x", "data: id: 9\ndata: \ndata: event: x\n\n"),
        ("12345678\r\n12345678\n", "data: 12345678\ndata: 12345678\ndata: \n\n"),
    ])
    func dataIsSplitWhereverAParserWouldEndALine(_ data: String, _ encoded: String) throws {
        #expect(try encode(id: nil, name: nil, data: data) == encoded)
    }

    @Test(arguments: ["\n", "\r", "\u{0}", "\r\n"], ["", "x", "12345678901234567890"])
    func fieldsThatBreakOutOfTheirLineAreRefusedAndNothingIsWritten(_ breaking: String, _ around: String) {
        var output = Array("before".utf8)
        #expect(throws: SSEFieldError.badID) {
            try SSEEncoder.appendEvent(id: Array((around + breaking + around).utf8), name: "n", data: [], to: &output)
        }
        #expect(throws: SSEFieldError.badName) {
            try SSEEncoder.appendEvent(id: [0x31], name: around + breaking + around, data: [], to: &output)
        }
        #expect(throws: SSEFieldError.badRetry) {
            try SSEEncoder.appendEvent(id: [0x31], name: "n", data: [], retryMs: -1, to: &output)
        }
        #expect(output == Array("before".utf8))
    }

    @Test func eventNamesAreJudgedAtTheirBounds() {
        let allowed = (UInt8.min...UInt8.max).filter { SSEEncoder.isValidEventName([$0]) }
        let expected = Array("-.0123456789:ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz".utf8)
        #expect(allowed == expected)
        #expect(!SSEEncoder.isValidEventName(""))
        #expect(SSEEncoder.isValidEventName(String(repeating: "a", count: 64)))
        #expect(!SSEEncoder.isValidEventName(String(repeating: "a", count: 65)))
        #expect(!SSEEncoder.isValidEventName("a b"))
        #expect(!SSEEncoder.isValidEventName("é"))
        #expect(!SSEEncoder.isValidEventName("a\n"))
    }

    @Test func whatIsEncodedIsParsedAgain() throws {
        var random = SeededRandom()
        let pieces = [
            "a", "é𝄞", "{\"json\":[1,2,3]}", " ", ":", "\n", "\r", "\r\n", "data: x", "\u{0}", "\u{FEFF}",
            "long plain text",
        ]
        for _ in 0..<500 {
            var stream: [UInt8] = []
            var expected: [ServerSentEvent] = []
            var id = ""
            for index in 0..<random.int(1...5) {
                let data = (0..<random.int(0...6)).map { _ in random.pick(pieces) }.joined()
                let name = random.pick([nil, "", "progress", "a:b", " x"])
                let ownID = random.pick([nil, "", "e-\(index)", "é", " "])
                id = ownID ?? id
                try SSEEncoder.appendEvent(
                    id: ownID.map { Array($0.utf8) }, name: name, data: Array(data.utf8),
                    retryMs: random.pick([nil, 7]), to: &stream)
                if random.chance(oneIn: 3) { stream += SSEEncoder.heartbeat }
                let seen = withLineFeedsOnly(data)
                expected.append(
                    ServerSentEvent(id: id, name: (name ?? "").isEmpty ? "message" : name ?? "", data: seen))
            }
            var parser = SSEParser()
            var events: [ServerSentEvent] = []
            parser.push(stream) { events.append($0) }
            #expect(events.map(Bytes.init) == expected.map(Bytes.init), "seed \(random.seed)")
        }
    }
}
