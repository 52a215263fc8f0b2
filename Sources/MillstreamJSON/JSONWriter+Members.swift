// A name and its value in one call: how nearly all objects of the server are written. An absent value is written as
// `null`, because a member that comes and goes is harder on clients than one that is empty.

extension JSONWriter {
    /// A member that is a string.
    public mutating func member(_ name: String, _ value: String) {
        self.name(name)
        string(value)
    }

    /// A member that is a whole number.
    public mutating func member(_ name: String, _ value: Int) {
        self.name(name)
        int(value)
    }

    /// A member that is a whole number.
    public mutating func member(_ name: String, _ value: Int64) {
        self.name(name)
        int(value)
    }

    /// A member that is a whole number.
    public mutating func member(_ name: String, _ value: UInt64) {
        self.name(name)
        int(value)
    }

    /// A member that is a number; `null` when it is not finite.
    public mutating func member(_ name: String, _ value: Double) {
        self.name(name)
        double(value)
    }

    /// A member that is `true` or `false`.
    public mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        bool(value)
    }

    /// A member that is JSON text already.
    public mutating func member(_ name: String, _ value: JSONText) {
        self.name(name)
        raw(value)
    }

    /// A member that is a string, `null` for nil.
    public mutating func member(_ name: String, _ value: String?) {
        if let value { member(name, value) } else { nullMember(name) }
    }

    /// A member that is a whole number, `null` for nil.
    public mutating func member(_ name: String, _ value: Int?) {
        if let value { member(name, value) } else { nullMember(name) }
    }

    /// A member that is a whole number, `null` for nil.
    public mutating func member(_ name: String, _ value: Int64?) {
        if let value { member(name, value) } else { nullMember(name) }
    }

    /// A member that is a number, `null` for nil.
    public mutating func member(_ name: String, _ value: Double?) {
        if let value { member(name, value) } else { nullMember(name) }
    }

    /// A member that is JSON text already, `null` for nil.
    public mutating func member(_ name: String, _ value: JSONText?) {
        if let value { member(name, value) } else { nullMember(name) }
    }

    /// A member that is a string, `null` for nil, under a name as ``name(plain:)`` takes it.
    package mutating func member(plain name: StaticString, _ value: String?) {
        self.name(plain: name)
        if let value { string(value) } else { null() }
    }

    /// A member that is a whole number, `null` for nil, under a name as ``name(plain:)`` takes it.
    package mutating func member(plain name: StaticString, _ value: Int?) {
        self.name(plain: name)
        if let value { int(value) } else { null() }
    }

    /// A member that is `null`.
    public mutating func nullMember(_ name: String) {
        self.name(name)
        null()
    }
}

extension JSONText {
    /// The JSON string for `value`.
    public static func string(_ value: String) -> JSONText {
        var writer = JSONWriter(reserving: value.utf8.count + 2)
        writer.string(value)
        return writer.finish()
    }

    /// An object whose members `write` writes.
    public static func object<Failure: Error>(
        _ write: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) -> JSONText {
        var writer = JSONWriter()
        writer.beginObject()
        try write(&writer)
        writer.endObject()
        return writer.finish()
    }
}
