// The `Prefer` header (RFC 7240): of it, `wait=N` is known.

enum Preference {
    /// Whole seconds, at most `maxSeconds` (a longer wish is cut to it); nil when there is no such wish.
    static func waitSeconds(_ header: String?, maxSeconds: Int) -> Int? {
        guard let header else { return nil }
        for part in header.split(separator: ",") {
            guard let first = part.split(separator: ";").first else { continue }
            let token = first.split(separator: "=", maxSplits: 1)
            guard token.count == 2, trimmed(token[0]).lowercased() == "wait" else { continue }
            let value = trimmed(token[1])
            guard (1...9).contains(value.utf8.count), let seconds = Int(value), seconds >= 0 else { continue }
            return min(seconds, maxSeconds)
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\"" }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return String(text)
    }
}
