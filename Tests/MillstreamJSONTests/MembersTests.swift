// Members by their places: what is found, what comes twice, and where the reading ends.

import MillstreamJSON
import Testing

@Suite struct MembersTests {
    private func text(_ literal: String) throws -> JSONText { try JSONText(validating: literal.utf8) }

    private func object(_ count: Int, _ more: String = "") throws -> JSONText {
        try text("{" + (0..<count).map { "\"n\($0)\":\($0)" }.joined(separator: ",") + more + "}")
    }

    @Test func namesAreFoundWithAndWithoutEscapes() throws {
        let members = try JSONMembers(of: text(#"{"b":1,"\u0061\n":"q\"","":{},"aa":null}"#))
        #expect(members.count == 4)
        #expect((0..<4).map { members.name(at: $0) } == ["b", "a\n", "", "aa"])
        #expect(["b", "a\n", "", "aa"].map { members.firstIndex(of: $0) } == [0, 1, 2, 3])
        for absent in ["a", "bb", #"\u0061\n"#, "n"] { #expect(members.firstIndex(of: absent) == nil) }
        #expect(members.string(at: 1) == "q\"")
        #expect(members.value(at: 2) == .emptyObject)
        #expect(members.isNull(at: 3) && !members.isNull(at: 0))
    }

    @Test(arguments: [
        #"{"a":1,"\u0061":2}"#, #"{"\u0061":1,"a":2}"#, #"{"a":1,"b":2,"a":3}"#, #"{"":0,"":0}"#,
        #"{"\ud800":0,"\ud801":0}"#,
    ])
    func aNameThatComesTwiceIsRefused(_ literal: String) throws {
        let text = try text(literal)
        #expect(throws: JSONSyntaxError.self) { try JSONMembers(of: text) }
    }

    /// To 16 names are compared with each other, more go into a set.
    @Test(arguments: [15, 16, 17, 1000])
    func aNameThatComesTwiceIsFoundAmongMany(_ count: Int) throws {
        #expect(try JSONMembers(of: object(count)).count == count)
        for repeated in [0, count - 2] {
            for name in ["n\(repeated)", "\\u006e\(repeated)"] {
                let text = try object(count - 1, ",\"\(name)\":0")
                #expect(throws: JSONSyntaxError.self) { try JSONMembers(of: text) }
            }
        }
    }

    @Test(arguments: ["null", "1", "\"{}\"", "[]", "[{}]"])
    func whatIsNoObjectHasNoMembers(_ literal: String) throws {
        let text = try text(literal)
        #expect(throws: JSONSyntaxError(offset: 0, reason: "not an object")) { try JSONMembers(of: text) }
    }

    @Test func namesAreComparedByBytes() throws {
        let members = try JSONMembers(of: text("{\"e\u{301}\":1,\"\u{E9}\":2}"))
        #expect(members.firstIndex(of: "\u{E9}") == 1)
    }

    @Test func theReadingEndsAtItsBound() throws {
        let text = try object(10, #","n0":1"#)
        let members = try JSONMembers(of: text, maxCount: 10)
        #expect(members.count == 10)
        #expect(try JSONMembers(of: object(10), maxCount: 4).firstIndex(of: "n4") == nil)
        #expect(throws: JSONSyntaxError.self) { try JSONMembers(of: text, maxCount: 11) }
    }
}
