import Testing

@testable import Millstream

@Suite struct YAMLDocumentTests {
    private func fail(_ place: SourceLocation = #_sourceLocation) {
        Issue.record("another node was expected here", sourceLocation: place)
    }

    @Test func aTextBecomesItsTree() throws {
        let root = try #require(try YAMLDocument.parse("a: 1\nb: [x, 'y', \"\"]\nc:\n  d: ~\n"))
        guard case .mapping(let members) = root.content else { return fail() }
        #expect(members.map { $0.key.plainText } == ["a", "b", "c"])
        #expect(members.map { $0.key.line } == [1, 2, 3])
        guard case .sequence(let items) = members[1].value.content else { return fail() }
        #expect(items.map(\.plainText) == ["x", "y", ""])
        guard case .mapping(let inner) = members[2].value.content else { return fail() }
        #expect(inner[0].value.isEmptyScalar)
    }

    @Test func anAliasIsWhatItNames() throws {
        let root = try #require(try YAMLDocument.parse("a: &one [1]\nb: *one\n"))
        guard case .mapping(let members) = root.content, case .sequence(let items) = members[1].value.content else {
            return fail()
        }
        #expect(items.map(\.plainText) == ["1"])
    }

    @Test(arguments: ["", "# only a comment\n", "---\n"]) func aTextWithoutValuesHasNone(text: String) throws {
        let root = try YAMLDocument.parse(text)
        #expect(root == nil || root?.isEmptyScalar == true)
    }

    @Test(arguments: [
        ("a: 1\na: 2\n", 2, "twice"),
        ("a: 1\n---\nb: 2\n", 3, "second document"),
        ("a: [1\nb: 2\n", 2, "flow sequence"),
        ("a: *nobody\n", 1, "undefined alias"),
        ("a: \"\u{1}\"\n", 0, "control characters"),
    ]) func whatIsWrongIsSaidWithItsLine(text: String, line: Int, word: String) {
        #expect {
            try YAMLDocument.parse(text)
        } throws: { error in
            guard let fault = error as? YAMLFault else { return false }
            return fault.line == line && fault.reason.contains(word)
        }
    }

    @Test func aTreeWithoutEndIsRefused() {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(items)]\n"
        }
        #expect(throws: YAMLFault.self) { try YAMLDocument.parse(bomb) }
        #expect(throws: YAMLFault.self) { try YAMLDocument.parse("a: &a [*a]\n") }
        #expect(throws: YAMLFault.self) {
            try YAMLDocument.parse(String(repeating: "[", count: 500) + String(repeating: "]", count: 500))
        }
    }
}
