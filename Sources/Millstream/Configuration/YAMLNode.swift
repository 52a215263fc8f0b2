// What the readers ask of a YAML node.

import Yams

extension Node {
    /// The text of a scalar that is not empty.
    var plainText: String? {
        guard case .scalar(let scalar) = self, !isEmptyScalar else { return nil }
        return scalar.string
    }

    /// `key:` with nothing behind it, `~` or `null`.
    var isEmptyScalar: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// For messages.
    var typeWord: String {
        switch self {
        case .scalar(let scalar): isEmptyScalar ? "empty" : "'\(scalar.string.prefix(80))'"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
