// One JSON value as text. Payloads pass through the server as bytes: they are proved once, at the edge, and then
// stored, shown and compared as they are, without a tree of objects. An immutable value that any thread may hold.
// Access to what is inside scans the text again (JSONText+Scalars, JSONText+Children); that is for the few members that
// a request is asked for.

/// One valid JSON value, minified, on one line, in valid UTF-8; digits of numbers and escapes stand as they came.
///
/// Two texts are equal when their bytes are: `1` and `1.0` differ, and so do objects with another order of members.
public struct JSONText: Sendable, Hashable {
    /// The text, without white space between tokens. Not empty, contains no line feed.
    public let bytes: [UInt8]

    /// What kind of value this is.
    public enum Kind: Sendable, Hashable {
        case null, bool, number, string, array, object
    }

    /// The deepest nesting that any text may have, in open containers.
    public static let maxDepthLimit = JSONMinifier.depthLimit

    /// Proves that `bytes` are exactly one JSON value (RFC 8259, strictly: UTF-8, no byte order mark) and minifies it.
    ///
    /// One pass, linear in `bytes.count`; the caller bounds that. Members that repeat a name are allowed here and
    /// refused by ``members()``.
    /// - Parameter maxDepth: open containers at most; more than ``maxDepthLimit`` counts as that.
    public init(validating bytes: some Collection<UInt8>, maxDepth: Int = 128) throws(JSONSyntaxError) {
        let outcome = bytes.withContiguousStorageIfAvailable { buffer in
            JSONMinifier.minify(buffer, maxDepth: maxDepth).map { minified in minified ?? Array(buffer) }
        }
        if let outcome {
            self.init(trusted: try outcome.get())
        } else {
            try self.init(validating: Array(bytes), maxDepth: maxDepth)
        }
    }

    /// The same for an array, which is kept without a copy when it has no white space to cut and no large reserve.
    public init(validating bytes: [UInt8], maxDepth: Int = 128) throws(JSONSyntaxError) {
        let outcome = bytes.withUnsafeBufferPointer { JSONMinifier.minify($0, maxDepth: maxDepth) }
        if let minified = try outcome.get() {
            self.bytes = minified
        } else if bytes.capacity <= 2 * bytes.count + 64 {
            self.bytes = bytes
        } else {
            // A read buffer is large and the value may be held for hours.
            self.bytes = bytes.withUnsafeBufferPointer { Array($0) }
        }
    }

    /// Takes bytes that the caller knows to be a minified JSON value: its own writer's output, or its own store's
    /// content.
    ///
    /// Bytes that are not do not endanger memory; they give nil and nonsense, and would reach readers unchecked.
    public init(trusted bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The text `null`.
    public static let null = JSONText(trusted: Array("null".utf8))
    /// The text `{}`.
    public static let emptyObject = JSONText(trusted: Array("{}".utf8))

    /// The kind, from the first byte.
    public var kind: Kind {
        switch bytes.first {
        case ASCII.openBrace: .object
        case ASCII.openBracket: .array
        case ASCII.quote: .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case ASCII.minus, .some(ASCII.zero...ASCII.nine): .number
        default: .null
        }
    }

    /// Whether this is `null`.
    public var isNull: Bool { kind == .null }

    /// The text as a Swift string: a copy.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONText: CustomStringConvertible {
    /// The text.
    public var description: String { text }
}
