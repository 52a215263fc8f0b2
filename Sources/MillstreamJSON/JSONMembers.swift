// The members of one object by their places in its text: a request is asked for a few of them by name, and most are short, so a
// text or a name of its own for each would cost more than all the rest of its reading. An immutable value that any thread may hold.

/// What ``JSONText/members()`` gives, without a copy of any name or value.
package struct JSONMembers: Sendable {
    private struct Place {
        /// Between the quotes.
        let name: Range<Int>
        let value: Range<Int>
    }

    private let bytes: [UInt8]
    private var places: ContiguousArray<Place> = []
    /// Whether a name may have to be unescaped before it is compared.
    private var hasEscapedName = false

    /// - Parameter maxCount: What comes after so many members is neither read nor compared.
    /// - Throws: when the value is no object, or when two names are equal after unescaping.
    package init(of text: JSONText, maxCount: Int = .max) throws(JSONSyntaxError) {
        guard text.kind == .object else { throw JSONSyntaxError(offset: 0, reason: "not an object") }
        bytes = text.bytes
        places.reserveCapacity(8)
        text.bytes.withUnsafeBufferPointer { buffer in
            guard var cursor = JSONCursor(buffer, opening: ASCII.openBrace) else { return }
            while places.count < maxCount, let member = cursor.nextMember() {
                if buffer[member.name].contains(ASCII.backslash) { hasEscapedName = true }
                places.append(Place(name: member.name, value: member.value))
            }
        }
        if let duplicate = firstDuplicate {
            throw JSONSyntaxError(offset: places[duplicate].name.lowerBound, reason: "duplicate member name")
        }
    }

    /// How many there are.
    package var count: Int { places.count }

    /// The place of the member of that name.
    package func firstIndex(of name: String) -> Int? {
        var name = name
        return name.withUTF8 { name in
            bytes.withUnsafeBufferPointer { buffer in
                // By index: elements that are handed out are copied.
                for index in places.indices where places[index].name.count >= name.count {
                    let literal = UnsafeBufferPointer(rebasing: buffer[places[index].name])
                    if JSONText.names(literal, name) { return index }
                }
                return nil
            }
        }
    }

    /// The name, without escapes.
    package func name(at index: Int) -> String {
        bytes.withUnsafeBufferPointer { buffer in
            StringUnescape.string(UnsafeBufferPointer(rebasing: buffer[places[index].name]))
        }
    }

    /// A copy of the value.
    package func value(at index: Int) -> JSONText {
        JSONText(trusted: Array(bytes[places[index].value]))
    }

    /// The length of the value's text.
    package func byteCount(at index: Int) -> Int { places[index].value.count }

    /// Whether the value is `null`.
    package func isNull(at index: Int) -> Bool {
        bytes[places[index].value.lowerBound] == UInt8(ascii: "n")
    }

    /// The value when it is a string, without its quotes and escapes. See ``JSONText/stringValue``.
    package func string(at index: Int) -> String? {
        let place = places[index].value
        guard bytes[place.lowerBound] == ASCII.quote, place.count >= 2 else { return nil }
        return bytes.withUnsafeBufferPointer { buffer in
            StringUnescape.string(UnsafeBufferPointer(rebasing: buffer[place.lowerBound + 1..<place.upperBound - 1]))
        }
    }

    // MARK: Names that come twice

    /// A few names are compared with each other; many, and those with escapes, go into a set, so that an object of a million members
    /// costs a million look-ups and not their square.
    private var firstDuplicate: Int? {
        bytes.withUnsafeBufferPointer { buffer in
            if places.count > 16 || hasEscapedName { return firstRepeated(in: buffer) }
            return places.indices.first { index in
                places[..<index].contains { isSame($0.name, places[index].name, in: buffer) }
            }
        }
    }

    private func isSame(_ one: Range<Int>, _ other: Range<Int>, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        guard one.count == other.count else { return false }
        var at = 0
        while at < one.count, buffer[one.lowerBound + at] == buffer[other.lowerBound + at] { at += 1 }
        return at == one.count
    }

    private func firstRepeated(in buffer: UnsafeBufferPointer<UInt8>) -> Int? {
        var names: Set<[UInt8]> = []
        return places.indices.first { index in
            !names.insert(StringUnescape.utf8(UnsafeBufferPointer(rebasing: buffer[places[index].name]))).inserted
        }
    }
}
