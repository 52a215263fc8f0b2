// What is inside an object or an array, one level at a time. Each value comes out as a JSON text of its own (a copy of
// its bytes). Names are compared byte by byte, not as Swift strings: JSON knows no canonical equivalence, and a check
// of duplicates by another rule than the reader's is a hole.

extension JSONText {
    /// All members of an object, in their order; names without escapes.
    ///
    /// Linear in the text. For requests of the server's own, where two members of one name have no meaning that all
    /// sides share.
    /// - Throws: when the value is no object, or when two names are equal after unescaping.
    public func members() throws(JSONSyntaxError) -> [(name: String, value: JSONText)] {
        guard kind == .object else { throw JSONSyntaxError(offset: 0, reason: "not an object") }
        var found: [(name: String, value: JSONText)] = []
        found.reserveCapacity(8)
        var names: Set<[UInt8]> = []
        let duplicate: Int? = bytes.withUnsafeBufferPointer { buffer in
            guard var cursor = JSONCursor(buffer, opening: ASCII.openBrace) else { return nil }
            while let member = cursor.nextMember() {
                let name = StringUnescape.string(UnsafeBufferPointer(rebasing: buffer[member.name]))
                guard Self.isNew(name, among: found, names: &names) else { return member.name.lowerBound }
                found.append((name, JSONText(trusted: Array(buffer[member.value]))))
            }
            return nil
        }
        if let duplicate { throw JSONSyntaxError(offset: duplicate, reason: "duplicate member name") }
        return found
    }

    /// A few names are compared with each other; many go into a set, so that an object of a million members costs a
    /// million look-ups and not their square.
    private static func isNew(
        _ name: String,
        among found: [(name: String, value: JSONText)],
        names: inout Set<[UInt8]>
    ) -> Bool {
        guard found.count >= 16 else { return !found.contains { $0.name.utf8.elementsEqual(name.utf8) } }
        if names.isEmpty { names = Set(found.map { Array($0.name.utf8) }) }
        return names.insert(Array(name.utf8)).inserted
    }

    /// The value of the first member of that name; nil when there is none, and for other kinds than objects.
    ///
    /// Scans the text up to that member and copies nothing but its value.
    public func member(_ name: String) -> JSONText? {
        withMember(name) { JSONText(trusted: Array($0)) }
    }

    /// The number under the first member of that name, without a copy of its text when it is a short one; nil when there is none,
    /// and for other kinds. See ``doubleValue``.
    package func doubleMember(_ name: String) -> Double? {
        withMember(name) { ShortDecimal.parse($0) ?? JSONText(trusted: Array($0)).doubleValue }
    }

    private func withMember<Value>(_ name: String, _ body: (UnsafeBufferPointer<UInt8>) -> Value?) -> Value? {
        var name = name
        return name.withUTF8 { name in
            bytes.withUnsafeBufferPointer { buffer in
                guard var cursor = JSONCursor(buffer, opening: ASCII.openBrace) else { return nil }
                while let member = cursor.nextMember() {
                    guard Self.names(UnsafeBufferPointer(rebasing: buffer[member.name]), name) else { continue }
                    return body(UnsafeBufferPointer(rebasing: buffer[member.value]))
                }
                return nil
            }
        }
    }

    static func names(_ literal: UnsafeBufferPointer<UInt8>, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        // An escape is never shorter than what it stands for.
        guard literal.count >= name.count else { return false }
        // By index: the generic walk over two collections took as long as the rest of the search.
        var at = 0
        while at < name.count, literal[at] == name[at] { at += 1 }
        // With a backslash the literal is an escape, and means another name than its own bytes.
        if at == name.count, literal.count == name.count { return !name.contains(ASCII.backslash) }
        return literal.contains(ASCII.backslash) && StringUnescape.utf8(literal).elementsEqual(name)
    }

    /// The elements of an array, in their order; nil for other kinds.
    public func elements() -> [JSONText]? {
        bytes.withUnsafeBufferPointer { buffer in
            guard var cursor = JSONCursor(buffer, opening: ASCII.openBracket) else { return nil }
            var found: [JSONText] = []
            while let element = cursor.nextElement() { found.append(JSONText(trusted: Array(buffer[element]))) }
            return found
        }
    }
}
