// A field value of the form `value; name=token; name="quoted text"` (RFC 9110 section 5.6.6). A value; it takes what
// clients send and never fails: what it cannot read is left out.

struct HeaderParameters {
    /// Before the first semicolon, in lower case.
    let value: String
    private var parameters: [(name: String, value: String)] = []

    init(_ text: String) {
        var rest = Array(text.utf8)[...]
        let end = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.endIndex
        value = String(decoding: ASCII.trimmed(rest[..<end]).map(ASCII.lowercased), as: UTF8.self)
        rest = rest[end...]
        while rest.first == UInt8(ascii: ";") {
            rest = ASCII.trimmed(rest.dropFirst())
            guard let parameter = Self.takeParameter(&rest) else { return }
            parameters.append(parameter)
            rest = rest.drop { $0 != UInt8(ascii: ";") }
        }
    }

    /// The first parameter of that name, which is in lower case.
    subscript(_ name: String) -> String? {
        parameters.first { $0.name == name }?.value
    }

    private static func takeParameter(_ rest: inout ArraySlice<UInt8>) -> (name: String, value: String)? {
        let name = rest.prefix(while: ASCII.isToken)
        rest = rest.dropFirst(name.count)
        guard !name.isEmpty, rest.first == UInt8(ascii: "=") else { return nil }
        rest = rest.dropFirst()
        let value = rest.first == UInt8(ascii: "\"") ? takeQuoted(&rest) : takeToken(&rest)
        return (
            String(decoding: name.map(ASCII.lowercased), as: UTF8.self), String(decoding: value, as: UTF8.self)
        )
    }

    private static func takeToken(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        let value = rest.prefix { $0 != UInt8(ascii: ";") && $0 != ASCII.space }
        rest = rest.dropFirst(value.count)
        return Array(value)
    }

    /// A backslash escapes only a quote or a backslash: some clients send Windows paths unescaped.
    private static func takeQuoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        let backslash = UInt8(ascii: "\\")
        var value: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst(), byte != quote {
            if byte == backslash, let next = rest.first, next == quote || next == backslash {
                value.append(next)
                rest = rest.dropFirst()
            } else {
                value.append(byte)
            }
        }
        return value
    }
}
