// The scalar behind a JSON text. Each accessor scans the text and answers nil when the value is of another kind or does
// not fit; no digit sequence that a peer sent can trap.

extension JSONText {
    /// The string without its quotes and escapes; nil for other kinds. A lone surrogate becomes U+FFFD.
    public var stringValue: String? {
        guard kind == .string, bytes.count >= 2 else { return nil }
        return bytes.withUnsafeBufferPointer {
            StringUnescape.string(UnsafeBufferPointer(rebasing: $0[1..<$0.count - 1]))
        }
    }

    /// Whether it is a string with a lone surrogate: two such strings may have the same ``stringValue``.
    package var hasLoneSurrogate: Bool {
        guard kind == .string, bytes.count >= 2 else { return false }
        return bytes.withUnsafeBufferPointer {
            StringUnescape.hasLoneSurrogate(UnsafeBufferPointer(rebasing: $0[1..<$0.count - 1]))
        }
    }

    /// `true` or `false`; nil for other kinds.
    public var boolValue: Bool? {
        kind == .bool ? bytes.first == UInt8(ascii: "t") : nil
    }

    /// The nearest double; nil for other kinds and for numbers beyond the range of finite doubles.
    public var doubleValue: Double? {
        guard kind == .number else { return nil }
        return bytes.withUnsafeBufferPointer { ShortDecimal.parse($0) } ?? longDoubleValue
    }

    /// Any number, with the system's own function.
    private var longDoubleValue: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// The number when it is a whole one that fits into 64 bits, exactly; nil otherwise.
    ///
    /// `7`, `7.0` and `70e-1` all are seven: some languages write every number with a fraction.
    public var intValue: Int? {
        guard kind == .number else { return nil }
        return bytes.withUnsafeBufferPointer { ExactInteger.parse($0) }
    }
}
