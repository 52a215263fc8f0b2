// A name and its value in one call: how nearly all objects of the server are written. An absent value is written as `null`,
// because a member that comes and goes is harder on clients than one that is empty.

extension JSONWriter {
    public mutating func member(_ name: String, _ value: String) {
        self.name(name)
        string(value)
    }

    public mutating func member(_ name: String, _ value: Int) {
        self.name(name)
        int(value)
    }

    public mutating func member(_ name: String, _ value: Int64) {
        self.name(name)
        int(value)
    }

    public mutating func member(_ name: String, _ value: UInt64) {
        self.name(name)
        int(value)
    }

    public mutating func member(_ name: String, _ value: Double) {
        self.name(name)
        double(value)
    }

    public mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        bool(value)
    }

    public mutating func member(_ name: String, _ value: JSONText) {
        self.name(name)
        raw(value)
    }

    public mutating func member(_ name: String, _ value: String?) {
        if let value { member(name, value) } else { nullMember(name) }
    }

    public mutating func member(_ name: String, _ value: Int?) {
        if let value { member(name, value) } else { nullMember(name) }
    }

    public mutating func member(_ name: String, _ value: Int64?) {
        if let value { member(name, value) } else { nullMember(name) }
    }

    public mutating func member(_ name: String, _ value: Double?) {
        if let value { member(name, value) } else { nullMember(name) }
    }

    public mutating func member(_ name: String, _ value: JSONText?) {
        if let value { member(name, value) } else { nullMember(name) }
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
