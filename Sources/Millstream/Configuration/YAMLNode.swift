// A YAML text as a tree of values: what the configuration's readers ask of it. Plain values, bounded by YAMLDocument.

/// One node and the line that it begins on.
struct YAMLNode {
    enum Content {
        /// `isPlain`: written without quotes, so that an empty one means "nothing".
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the order of the text; no key stands twice.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    let content: Content
    /// From 1.
    let line: Int

    /// The text of a scalar that is not empty.
    var plainText: String? {
        guard case .scalar(let text, _) = content, !isEmptyScalar else { return nil }
        return text
    }

    /// `key:` with nothing behind it, `~` or `null`.
    var isEmptyScalar: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// For messages.
    var typeWord: String {
        switch content {
        case .scalar(let text, _): isEmptyScalar ? "empty" : "'\(text.prefix(80))'"
        case .mapping: "a mapping"
        case .sequence: "a list"
        }
    }
}
