// Finds what a misspelt key was meant to be. A pure function.

enum NearMiss {
    /// The candidate that differs least from `word`, when it is close enough to be what was meant.
    static func of(_ word: String, in candidates: some Sequence<String>) -> String? {
        let close = candidates.map { (name: $0, distance: distance(normalized(word), normalized($0))) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let close, close.distance <= max(1, word.count / 3) else { return nil }
        return close.name
    }

    /// `maxBodyBytes`, `max-body-bytes` and `max_body_bytes` are the same word to whoever mistypes them.
    private static func normalized(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }

    /// Levenshtein's, with a swap of neighbours as one step (optimal string alignment). Words are cut at 64 bytes.
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        let (one, other) = (Array(one.prefix(64)), Array(other.prefix(64)))
        var before: [Int] = []
        var previous = Array(0...other.count)
        for row in 0..<one.count {
            var current = [row + 1]
            for column in 0..<other.count {
                let substitution = previous[column] + (one[row] == other[column] ? 0 : 1)
                var best = min(substitution, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, one[row] == other[column - 1], one[row - 1] == other[column] {
                    best = min(best, before[column - 1] + 1)
                }
                current.append(best)
            }
            (before, previous) = (previous, current)
        }
        return previous[other.count]
    }
}
