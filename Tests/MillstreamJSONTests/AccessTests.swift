// What accessors make of a proved text: scalars, members, elements, and the bytes behind them.

import MillstreamJSON
import MillstreamTestSupport
import Testing

@Suite struct ScalarTests {
    @Test func kindComesFromTheFirstByte() throws {
        let kinds: [(String, JSONText.Kind)] = [
            ("null", .null), ("true", .bool), ("false", .bool), ("-1", .number), ("9", .number), ("\"\"", .string),
            ("[]", .array),
            ("{}", .object),
        ]
        for (text, kind) in kinds {
            #expect(try JSONText(validating: text.utf8).kind == kind)
        }
        #expect(JSONText.null.isNull)
        #expect(!JSONText.emptyObject.isNull)
    }

    @Test(arguments: [
        (#""""#, ""), (#""plain""#, "plain"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""\ud834\udd1e""#, "𝄞"), (#""\uD800""#, "\u{FFFD}"), (#""\uDC00\uD800""#, "\u{FFFD}\u{FFFD}"),
        (#""\uD800x""#, "\u{FFFD}x"),
        (#""\uD800\u0041""#, "\u{FFFD}A"), (#""\uD800\uD834\uDD1E""#, "\u{FFFD}𝄞"), (#""\\u0041""#, "\\u0041"),
        (#""\uFFFF\u0000""#, "\u{FFFF}\u{0}"),
        ("\"é𝄞\\n\"", "é𝄞\n"), (#""\uD800\n""#, "\u{FFFD}\n"),
    ])
    func stringsAreUnescaped(_ literal: String, _ value: String) throws {
        let text = try JSONText(validating: literal.utf8)
        #expect(try #require(text.stringValue).utf8.elementsEqual(value.utf8))
        #expect(text.text == literal)
        // No value here has U+FFFD but in place of a lone surrogate.
        #expect(text.hasLoneSurrogate == value.unicodeScalars.contains("\u{FFFD}"))
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
        ("7.0", 7), ("7.000", 7),
        ("70e-1", 7), ("0.7e1", 7), ("1e3", 1000), ("1E+3", 1000), ("0.0", 0), ("-0e99999999999999999999", 0),
        ("0e-99999999999999999999", 0),
        ("9.223372036854775807e18", Int.max), ("-9.223372036854775808e18", Int.min), ("100000000000000000000e-20", 1),
        ("0.001e3", 1),
        ("1e18", 1_000_000_000_000_000_000), ("-120e-1", -12),
    ])
    func wholeNumbersAreExact(_ literal: String, _ value: Int) throws {
        #expect(try JSONText(validating: literal.utf8).intValue == value)
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "1e19", "1e999999999999999999999", "0.5", "1e-1",
        "1.0000000000000000000000001", "99999999999999999999999",
        "9.2233720368547758071e18", "1e-999999999999999999999", "\"7\"", "null", "true", "[]", "{}",
    ])
    func whatIsNoWholeNumberOf64BitsIsNil(_ literal: String) throws {
        #expect(try JSONText(validating: literal.utf8).intValue == nil)
    }

    @Test func doublesAreFiniteOrNil() throws {
        let doubles: [(String, Double?)] = [
            ("0.1", 0.1), ("-1.5e3", -1500), ("5e-324", .leastNonzeroMagnitude), ("1e-999", 0), ("1e999", nil),
            ("-1e999", nil),
            ("\"1\"", nil), ("null", nil), ("9007199254740993", 9_007_199_254_740_992),
        ]
        for (literal, value) in doubles {
            #expect(try JSONText(validating: literal.utf8).doubleValue == value, "\(literal)")
        }
    }

    @Test func shortDecimalsAreReadAsLongOnesAre() throws {
        var random = SeededRandom()
        for _ in 0..<5000 {
            var literal = random.chance(oneIn: 2) ? "-" : ""
            literal += String(random.next() >> UInt64(random.int(0...63)))
            if random.chance(oneIn: 2) {
                literal += "." + String(repeating: "0", count: random.int(0...4)) + String(random.int(0...99_999))
            }
            let text = try JSONText(validating: literal.utf8)
            let value = try #require(Double(literal))
            #expect(text.doubleValue?.bitPattern == value.bitPattern, "\(literal)")
            let object = try JSONText(validating: #"{"x":1,"n":\#(literal)}"#.utf8)
            #expect(object.doubleMember("n")?.bitPattern == value.bitPattern, "\(literal)")
        }
        for literal in [
            "0", "-0", "0.5", "-0.0", "123456789012345", "1234567890123456", "12345678901234.5", "1e3", "-1.5E-2",
        ] {
            let value = try #require(Double(literal))
            #expect(try JSONText(validating: literal.utf8).doubleValue?.bitPattern == value.bitPattern, "\(literal)")
        }
    }

    @Test func theNumberOfAMemberIsNilForAnythingElse() throws {
        let text = try JSONText(validating: #"{"a":"1","b":null,"c":[1],"d":1e999,"e":2,"e":3}"#.utf8)
        for name in ["a", "b", "c", "d", "f"] { #expect(text.doubleMember(name) == nil) }
        #expect(text.doubleMember("e") == 2)
        for trusted in ["-", ".", "1.", ".5", "--1", "1.2.3", "", "[1]"] {
            #expect(JSONText(trusted: Array(trusted.utf8)).doubleMember("a") == nil)
        }
    }

    @Test func booleansAreOnlyBooleans() throws {
        #expect(try JSONText(validating: "true".utf8).boolValue == true)
        #expect(try JSONText(validating: "false".utf8).boolValue == false)
        for other in ["null", "1", "0", "\"true\"", "[]"] {
            #expect(try JSONText(validating: other.utf8).boolValue == nil)
        }
    }
}

@Suite struct ChildrenTests {
    @Test func membersComeInTheirOrderWithNamesUnescaped() throws {
        let text = try JSONText(
            validating: #" { "b" : [1, {"x": "}"}] , "\u0061\n" : "q\"," , "" : { } , "t":true }"#.utf8)
        let members = try text.members()
        #expect(members.map(\.name) == ["b", "a\n", "", "t"])
        #expect(members.map(\.value.text) == [#"[1,{"x":"}"}]"#, #""q\",""#, "{}", "true"])
    }

    @Test func emptyContainersHaveNoChildren() throws {
        #expect(try JSONText.emptyObject.members().isEmpty)
        #expect(try JSONText(validating: "[]".utf8).elements() == [])
        #expect(JSONText.emptyObject.member("a") == nil)
    }

    @Test(arguments: ["null", "1", "\"{}\"", "[]", "[{}]"])
    func membersOfWhatIsNoObjectAreAnError(_ literal: String) throws {
        let text = try JSONText(validating: literal.utf8)
        #expect(throws: JSONSyntaxError(offset: 0, reason: "not an object")) { try text.members() }
        #expect(text.member("a") == nil)
    }

    @Test(arguments: [#"{"a":1,"a":1}"#, #"{"a":1,"b":2,"\u0061":3}"#, #"{"":0,"":0}"#, #"{"\ud800":0,"\ud801":0}"#])
    func duplicateNamesAreRefusedByMembersAndFoundFirstByMember(_ literal: String) throws {
        let text = try JSONText(validating: literal.utf8)
        #expect(throws: JSONSyntaxError.self) { try text.members() }
        if literal.contains("\"a\"") { #expect(text.member("a")?.intValue == 1) }
    }

    @Test func duplicatesAreFoundAmongManyMembers() throws {
        let names = (0..<1000).map { "\"n\($0)\":\($0)" }.joined(separator: ",")
        #expect(try JSONText(validating: "{\(names)}".utf8).members().count == 1000)
        for repeated in [0, 15, 16, 999] {
            let text = try JSONText(validating: "{\(names),\"n\(repeated)\":0}".utf8)
            #expect(throws: JSONSyntaxError.self) { try text.members() }
        }
    }

    @Test func namesAreComparedByBytesNotByCanonicalEquivalence() throws {
        let text = try JSONText(validating: "{\"e\u{301}\":1,\"\u{E9}\":2}".utf8)
        #expect(try text.members().count == 2)
        #expect(text.member("\u{E9}")?.intValue == 2)
        #expect(text.member("e\u{301}")?.intValue == 1)
    }

    @Test func memberFindsEscapedNamesAndDoesNotLookIntoNestedObjects() throws {
        let text = try JSONText(validating: #"{"x":{"a":1},"y":"\"a\":2","\u0061":3,"aa":4}"#.utf8)
        #expect(text.member("a")?.intValue == 3)
        #expect(text.member("aa")?.intValue == 4)
        #expect(text.member("") == nil)
        #expect(text.member("x")?.member("a")?.intValue == 1)
        #expect(text.member("y")?.stringValue == "\"a\":2")
    }

    @Test func elementsComeInTheirOrder() throws {
        let text = try JSONText(validating: #"[1, "a,]", [2,[3]], {"b":[4]}, null]"#.utf8)
        #expect(text.elements()?.map(\.text) == ["1", #""a,]""#, "[2,[3]]", #"{"b":[4]}"#, "null"])
        #expect(JSONText.emptyObject.elements() == nil)
    }
}

@Suite struct StorageTests {
    @Test func minifiedInputIsNotCopied() throws {
        let input = Array(#"{"a":[1,2,3],"b":"text that is long enough to live on the heap"}"#.utf8)
        let value = try JSONText(validating: input)
        let isShared = input.withUnsafeBufferPointer { left in
            value.bytes.withUnsafeBufferPointer { left.baseAddress == $0.baseAddress }
        }
        #expect(isShared)
    }

    @Test func aSmallValueDoesNotKeepALargeBuffer() throws {
        var read = Array("[1]".utf8)
        read.reserveCapacity(65536)
        #expect(try JSONText(validating: read).bytes.capacity < 256)
        let padded = [UInt8](repeating: 0x20, count: 65536) + Array("[1]".utf8)
        #expect(try JSONText(validating: padded).bytes.capacity < 256)
        #expect(try JSONText(validating: padded).text == "[1]")
    }
}
