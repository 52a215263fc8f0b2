// The fields of one request: the bytes of its head as they came, and where each name and value lies in them. A value;
// usable on every thread. It never copies a field that nobody asks for.

/// Request header fields, in the order they came; names compare without case.
public struct HTTPHeaders: Sendable {
    struct Field: Sendable {
        var nameStart: UInt32
        var nameCount: UInt32
        var valueStart: UInt32
        var valueCount: UInt32
    }

    let bytes: [UInt8]
    let fields: [Field]

    init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    public var count: Int { fields.count }

    /// The first field of that name, or nil. Bytes that are no UTF-8 are replaced.
    public subscript(_ name: String) -> String? {
        first(name).map(text)
    }

    /// The bytes of the first field of that name, or nil.
    public func bytes(of name: String) -> ArraySlice<UInt8>? {
        first(name).map { bytes[valueRange($0)] }
    }

    /// The bytes of the field of that name when there is exactly one.
    func onlyValue(of name: String) -> ArraySlice<UInt8>? {
        var found: Field?
        for field in fields where matches(field, name) {
            guard found == nil else { return nil }
            found = field
        }
        return found.map { bytes[valueRange($0)] }
    }

    /// All fields of that name.
    public func all(_ name: String) -> [String] {
        fields.filter { matches($0, name) }.map(text)
    }

    /// All fields of that name as one comma-separated list (RFC 9110 section 5.3), or nil when there is none.
    public func joined(_ name: String) -> String? {
        var found: Field?
        for field in fields where matches(field, name) {
            guard found == nil else { return all(name).joined(separator: ", ") }
            found = field
        }
        return found.map(text)
    }

    /// Whether the comma-separated list `name` holds `token`, without case.
    public func list(_ name: String, contains token: String) -> Bool {
        fields.contains { field in
            matches(field, name)
                && bytes[valueRange(field)].split(separator: UInt8(ascii: ",")).contains { item in
                    ASCII.equalsIgnoringCase(ASCII.trimmed(item), token)
                }
        }
    }

    func first(_ name: String) -> Field? {
        fields.first { matches($0, name) }
    }

    func matches(_ field: Field, _ name: String) -> Bool {
        // Most names differ in length already.
        guard Int(field.nameCount) == name.utf8.count else { return false }
        let start = Int(field.nameStart)
        return ASCII.equalsIgnoringCase(bytes[start..<start + Int(field.nameCount)], name)
    }

    func valueRange(_ field: Field) -> Range<Int> {
        Int(field.valueStart)..<Int(field.valueStart) + Int(field.valueCount)
    }

    private func text(_ field: Field) -> String {
        String(decoding: bytes[valueRange(field)], as: UTF8.self)
    }
}
