// Random JSON, damaged JSON and random bytes, judged together with the reference.

import MillstreamJSON
import MillstreamTestSupport
import Testing

/// Random JSON: the same value once minified and once with white space anywhere it may stand.
private struct RandomJSON {
    var random: SeededRandom
    private(set) var minified = ""
    private(set) var spaced = ""

    init(_ random: SeededRandom) { self.random = random }

    mutating func document() {
        minified = ""
        spaced = ""
        value(depth: 0)
    }

    private mutating func token(_ token: String) {
        minified += token
        let before = space()
        let after = space()
        spaced += before + token + after
    }

    private mutating func space() -> String {
        guard random.chance(oneIn: 3) else { return "" }
        return (0...random.int(0...3)).map { _ in random.pick([" ", "\n", "\t", "\r"]) }.joined()
    }

    private mutating func value(depth: Int) {
        switch random.int(0...(depth < 5 ? 9 : 6)) {
        case 0: token("null")
        case 1: token(random.pick(["true", "false"]))
        case 2...3: token(random.pick(["0", "-0", "12", "-7.50", "1e9", "0.1E-3", "98765432109876543210", "-1.0e+00"]))
        case 4...6: token(string())
        case 7...8: list("[", "]", depth) { $0.value(depth: depth + 1) }
        default:
            list("{", "}", depth) { json in
                json.token(json.string())
                json.token(":")
                json.value(depth: depth + 1)
            }
        }
    }

    private mutating func list(_ open: String, _ close: String, _ depth: Int, child: (inout Self) -> Void) {
        token(open)
        let count = random.int(0...4)
        for index in 0..<count {
            if index > 0 { token(",") }
            child(&self)
        }
        token(close)
    }

    private mutating func string() -> String {
        let pieces = [
            "a", "long plain text without anything", " ", "é", "€", "𝄞", "\\n", "\\\"", "\\\\", "\\u00e9",
            "\\ud834\\udd1e", "\\uD800", "{", "]", ",", ":", "\u{7F}",
        ]
        return "\"" + (0..<random.int(0...6)).map { _ in random.pick(pieces) }.joined() + "\""
    }
}

@Suite struct PropertyTests {
    @Test func whiteSpaceBetweenTokensIsAllThatMinificationTakes() throws {
        var json = RandomJSON(SeededRandom())
        for _ in 0..<2000 {
            json.document()
            let value = try JSONText(validating: json.spaced.utf8)
            #expect(value.bytes == Array(json.minified.utf8), "seed \(json.random.seed)")
            #expect(try JSONText(validating: value.bytes) == value, "seed \(json.random.seed)")
        }
    }

    @Test func writingTheChildrenAgainGivesTheSameText() throws {
        var json = RandomJSON(SeededRandom())
        for _ in 0..<2000 {
            json.document()
            let value = try JSONText(validating: json.spaced.utf8)
            var writer = JSONWriter()
            rewrite(value, into: &writer)
            // Names and strings may have been escaped otherwise; compare what they mean after one more round.
            var again = JSONWriter()
            rewrite(try JSONText(validating: writer.bytes), into: &again)
            #expect(writer.bytes == again.bytes, "seed \(json.random.seed)")
        }
    }

    private func rewrite(_ value: JSONText, into writer: inout JSONWriter) {
        if let elements = value.elements() {
            writer.beginArray()
            for element in elements { rewrite(element, into: &writer) }
            writer.endArray()
        } else if let members = try? value.members() {
            writer.beginObject()
            for member in members {
                #expect(value.member(member.name) == member.value)
                writer.name(member.name)
                rewrite(member.value, into: &writer)
            }
            writer.endObject()
        } else if let string = value.stringValue {
            writer.string(string)
        } else {
            writer.raw(value)
        }
    }

    @Test func damagedTextIsJudgedAsTheReferenceJudges() {
        var json = RandomJSON(SeededRandom())
        for _ in 0..<5000 {
            json.document()
            var bytes = Array(json.spaced.utf8)
            for _ in 0...json.random.int(0...2) where !bytes.isEmpty {
                let place = json.random.int(0...bytes.count - 1)
                switch json.random.int(0...3) {
                case 0: bytes.remove(at: place)
                case 1: bytes[place] = UInt8(truncatingIfNeeded: json.random.next())
                case 2: bytes.insert(json.random.pick(Array("{}[]\",:\\0-+.eEu \ntfn".utf8)), at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            let maxDepth = json.random.pick([1, 3, 128])
            let verdict = try? JSONText(validating: bytes, maxDepth: maxDepth).bytes
            #expect(verdict == ReferenceJSON.minify(bytes, maxDepth: maxDepth), "seed \(json.random.seed)")
        }
    }

    @Test func noBytesMakeTheValidatorOrTheAccessorsTrap() {
        var random = SeededRandom()
        let alphabet =
            Array("{}[]\",:\\0123456789-+.eEutrfalsn \n".utf8) + [0x00, 0x80, 0xC3, 0xA9, 0xEF, 0xBB, 0xBF, 0xF0, 0xFF]
        for _ in 0..<20000 {
            let bytes = (0..<random.int(0...30)).map { _ in random.pick(alphabet) }
            #expect((try? JSONText(validating: bytes).bytes) == ReferenceJSON.minify(bytes), "seed \(random.seed)")
            // Trusted by mistake: nonsense may come out, but nothing may trap or run past the end.
            let trusted = JSONText(trusted: bytes)
            _ = (
                trusted.kind, trusted.stringValue, trusted.intValue, trusted.doubleValue, trusted.boolValue,
                trusted.text
            )
            _ = (try? trusted.members(), trusted.member("a"), trusted.elements())
        }
    }
}
