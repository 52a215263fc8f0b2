// `If-None-Match` (RFC 9110 section 13.1.2).

enum EntityTag {
    /// Weak comparison of a tag with a list of tags, or `*`.
    static func matches(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { part in
            let candidate = part.filter { $0 != " " && $0 != "\t" }
            return candidate == "*" || opaque(candidate) == opaque(tag)
        }
    }

    private static func opaque(_ tag: String) -> Substring {
        tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...]
    }
}
