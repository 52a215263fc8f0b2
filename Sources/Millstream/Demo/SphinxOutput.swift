// What `pocketsphinx_continuous -time yes` prints: per utterance a line of text, then one line per word with start, end and
// confidence, from `<s>` to `</s>`. A value type that takes line by line.

struct SphinxOutput {
    struct Words: Hashable {
        var text: String
        /// Seconds from the beginning of the recording.
        var start: Double
        var end: Double
    }

    private var text: String?
    private var start: Double?
    private var end: Double?

    /// The utterance that this line completed, if it did. Utterances without words are nobody's.
    mutating func take(_ line: String) -> Words? {
        guard let word = Self.word(line) else {
            defer { text = line }
            return finish()
        }
        // Silence and noise stand in brackets.
        if !word.text.hasPrefix("<"), !word.text.hasPrefix("[") {
            start = start ?? word.start
            end = word.end
        }
        return word.text == "</s>" ? finish() : nil
    }

    /// The utterance that was not completed when the output ended.
    mutating func finish() -> Words? {
        defer { (text, start, end) = (nil, nil, nil) }
        guard let text, !text.isEmpty, let start, let end else { return nil }
        return Words(text: text, start: start, end: end)
    }

    private static func word(_ line: String) -> (text: Substring, start: Double, end: Double)? {
        let fields = line.split(separator: " ")
        guard fields.count == 4, let start = Double(fields[1]), let end = Double(fields[2]), Double(fields[3]) != nil
        else { return nil }
        return (fields[0], start, end)
    }
}
