// What the grammar takes and refuses: a list of each, malformed UTF-8, the bound of depth. After the cases that parsers
// are known to differ in.

import MillstreamJSON
import Testing

/// Texts that RFC 8259 allows and that are minified already.
private let accepted: [String] = [
    "null", "true", "false", "\"\"", "{}", "[]", "0", "-0", "[[],{},[{}]]", "[null,1,\"1\",{}]", "[true,false]",
    "[\"asd \"]",
    "1e5", "1E5", "1e+5", "1E-5", "-1.50e00", "0e0", "0.0000", "0e+1", "1e9999", "-1e-9999", "-0.0", "[-1,-12,-0.5]",
    "123456789012345678901234567890.123456789012345678901234567890", "{\"\":0}", "{\"\":{\"\":[]}}",
    "{\"a\":1,\"a\":2}",
    #""\"\\\/\b\f\n\r\t""#, #""\u0000\uFFFF\uabCD""#, #""\uD834\uDD1E""#, #""\uD800""#, #""\uDC00\uD800""#,
    #""\uD800\u0041""#,
    #""\\u0000""#, #""a\\""#, #"["\\","\""]"#, #"{"a\u0000b":null}"#, #"{"title":"\u041f\u043e"}"#, "\"/\"",
    "\"\u{7F}\"",
    "\"\u{80}\u{7FF}\u{800}\u{FFFD}\u{FFFF}\u{10000}\u{10FFFF}\"", "\"\u{2028}\u{2029}\"", "\"\u{D7FF}\u{E000}\"",
    "\"a\u{FEFF}b\"",
]

/// Texts that RFC 8259 allows, and what is left of them without white space.
private let shortened: [(String, String)] = [
    (" \t\r\n null \t\r\n ", "null"), ("[ ]", "[]"), ("{ \n }", "{}"), ("[[] ]", "[[]]"),
    ("[1 , 2\n,\t3\r]", "[1,2,3]"),
    ("\n[1]", "[1]"), ("[1]\n", "[1]"), ("[ -1 ]", "[-1]"), ("[\" a \" , 1 ]", "[\" a \",1]"),
    ("[\"€𝄞\", \"12345678 \\\"quoted\\\" 12345678\"]", "[\"€𝄞\",\"12345678 \\\"quoted\\\" 12345678\"]"),
    ("{ \"a\" : 1 , \"b\" : [ ] }", "{\"a\":1,\"b\":[]}"), ("[123.456e78, 0.1e1]", "[123.456e78,0.1e1]"),
]

/// Texts that RFC 8259 does not allow.
private let refused: [String] = [
    "", " ", "\n", "nul", "nulll", "Null", "TRUE", "tru", "t", "fals", "falsee", "NaN", "Infinity", "-Infinity",
    "undefined",
    "[", "]", "{", "}", "[[", "[}", "{]", "[1}", "{\"a\":1]", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1;2]",
    "[1:2]", "[]]",
    "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{\"a\",1}", "{a:1}", "{'a':1}", "{1:1}", "{null:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,,\"b\":2}", "{\"a\"::1}", "{\"a\":1}}", "{\"a\":1}#", "{\"a\":/**/1}", "[1]//x", "/**/[]", "{[1]:1}",
    "{\"a\":1,2}",
    "1 2", "null null", "\"a\"\"b\"", "[]{}", "1]", "1,", ",", ":", "'a'", "`a`", "*", "#", "\u{0}", "null\u{0}",
    "\u{0C}[]", "[\u{0C}]", "[\u{0B}1]",
    "[\u{A0}]", "\u{2060}[]", "[\u{3000}1]", "\u{FEFF}null", "\u{FEFF}", "[\u{FEFF}]",
    "01", "-01", "00", "-", "--1", "+1", "+", ".5", "-.5", "1.", "-1.", "1.e1", "0.e1", "1e", "1E+", "1e-", "0e", "0x1",
    "1_000", "1.5.5",
    "1e1.5", "1e5e5", "1a", "1+1", "1-1", "- 1", "1 000", "2.e+3", "0.3e+", "0e+", "１", "-a", "1eE2", "[1", "[-", "[1.",
    "[1e",
    "\"", "\"a", "\"\\\"", "\"\\", "\"\\u", "\"\\u0", "\"\\u00", "\"\\u000", "\"\\u0000", "\"\\u000g\"", "\"\\u 000\"",
    "\"\\uD834\\u\"", "\"\\u-001\"",
    "\"\\x41\"", "\"\\a\"", "\"\\'\"", "\"\\v\"", "\"\\0\"", "\"\\U0041\"", "\"\\ \"", "\"\\\n\"", "\"\\é\"", "\"\n\"",
    "\"\r\"", "\"\t\"", "\"\u{0}\"",
    "\"\u{1F}\"", "\"12345678\n12345678\"", "\"1234567\u{1}\"", "\"a\" b", "[\"a", "[\"a\"", "[\"a\",", "{\"a",
    "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
    "{\"a\":\"b\"", "{\"a\tb\":1}", "[\"a\nb\"]", "[\"x\", truth]", "<.>", "[<null>]", "[1,\n1\n,1", "{\"a\":true]",
    "[\"\":1]", "[\"a\" 1]",
]

/// Byte sequences that are not UTF-8, each to be put into a string.
private let malformedUTF8: [[UInt8]] = [
    [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x20], [0xC2, 0xC2], [0xE0, 0x80, 0x80],
    [0xE0, 0x9F, 0xBF],
    [0xE1, 0x80], [0xE1, 0x80, 0x20], [0xE1, 0x20, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF],
    [0xF0, 0x80, 0x80, 0x80],
    [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80], [0xF1, 0x80, 0x80, 0x20], [0xF4, 0x90, 0x80, 0x80],
    [0xF5, 0x80, 0x80, 0x80],
    [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xC3, 0xA9, 0xA9], [0xE9],
]

@Suite struct AcceptanceTests {
    @Test(arguments: accepted.map { ($0, $0) } + shortened)
    func validTextIsTakenAndMinified(_ text: String, _ minified: String) throws {
        let value = try JSONText(validating: Array(text.utf8))
        #expect(value.bytes == Array(minified.utf8))
        // The same through a view without contiguous storage, and through a slice.
        #expect(try JSONText(validating: Array(text.utf8.reversed()).reversed()) == value)
        #expect(try JSONText(validating: ([0x20] + text.utf8)[1...]) == value)
        #expect(ReferenceJSON.minify(Array(text.utf8)) == value.bytes)
    }

    @Test func nonCharactersAreCharactersToJSON() throws {
        let text: [UInt8] = [0x22, 0xEF, 0xB7, 0x90, 0xF0, 0x9F, 0xBF, 0xBE, 0x22]
        #expect(try JSONText(validating: text).bytes == text)
    }

    @Test(arguments: refused)
    func invalidTextIsRefused(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONText(validating: text.utf8) }
        #expect(ReferenceJSON.minify(Array(text.utf8)) == nil)
    }

    @Test(arguments: malformedUTF8)
    func malformedUTF8IsRefusedAtAnyPlaceInAString(_ malformed: [UInt8]) {
        for padding in 0...17 {
            let plain = [UInt8](repeating: UInt8(ascii: "x"), count: padding)
            for tail in [[], plain] {
                let text = Array("[\"".utf8) + plain + malformed + tail + Array("\"]".utf8)
                #expect(throws: JSONSyntaxError.self) { try JSONText(validating: text) }
            }
        }
    }

    @Test func controlCharactersQuotesAndBackslashesAreSeenAtEachPlaceOfAWord() throws {
        for place in 0..<20 {
            var inner = [UInt8](repeating: UInt8(ascii: "x"), count: 20)
            for byte in UInt8(0)..<0x20 {
                inner[place] = byte
                #expect(throws: JSONSyntaxError(offset: place + 1, reason: "control character in a string")) {
                    try JSONText(validating: [0x22] + inner + [0x22])
                }
            }
            inner[place] = 0x22
            #expect(throws: JSONSyntaxError.self) { try JSONText(validating: [0x22] + inner + [0x22]) }
            inner[place] = 0x7F
            #expect(try JSONText(validating: [0x22] + inner + [0x22]).stringValue?.utf8.count == 20)
        }
    }

    @Test func faultsNameTheirPlace() {
        let faults: [(String, JSONSyntaxError)] = [
            ("", JSONSyntaxError(offset: 0, reason: "empty text")),
            ("[1,", JSONSyntaxError(offset: 3, reason: "text ends where a value should be")),
            ("{\"a\":01}", JSONSyntaxError(offset: 6, reason: "number with a leading zero")),
            ("[] []", JSONSyntaxError(offset: 3, reason: "text after the value")),
            ("\u{FEFF}1", JSONSyntaxError(offset: 0, reason: "byte order mark")),
            ("\"abc", JSONSyntaxError(offset: 4, reason: "text ends inside a string")),
        ]
        for (text, fault) in faults {
            #expect(throws: fault) { try JSONText(validating: text.utf8) }
        }
    }
}

@Suite struct DepthTests {
    @Test(arguments: [0, 1, 2, 64, 127, 128])
    func depthIsAllowedAtItsBoundAndRefusedOnePast(_ maxDepth: Int) throws {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let atBound = String(repeating: open, count: maxDepth) + "1" + String(repeating: close, count: maxDepth)
            #expect(try JSONText(validating: atBound.utf8, maxDepth: maxDepth).text == atBound)
            let past = open + atBound + close
            #expect(throws: JSONSyntaxError.self) { try JSONText(validating: past.utf8, maxDepth: maxDepth) }
        }
    }

    @Test func noCallerCanRaiseTheLimitOrMakeItNegative() {
        let deep = String(repeating: "[", count: 129) + String(repeating: "]", count: 129)
        #expect(throws: JSONSyntaxError.self) { try JSONText(validating: deep.utf8, maxDepth: .max) }
        #expect(throws: JSONSyntaxError.self) { try JSONText(validating: "[]".utf8, maxDepth: .min) }
        #expect(throws: Never.self) { try JSONText(validating: "1".utf8, maxDepth: .min) }
    }

    @Test func aMillionOpenBracketsAreRefusedAtOnce() {
        #expect(throws: JSONSyntaxError(offset: 128, reason: "nested deeper than 128")) {
            try JSONText(validating: [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000))
        }
    }

    @Test func siblingsDoNotCountAsDepth() throws {
        let wide = "[" + Array(repeating: "[[]],{\"a\":{}}", count: 1000).joined(separator: ",") + "]"
        #expect(try JSONText(validating: wide.utf8, maxDepth: 3).text == wide)
    }
}
