// The last lines of standard error, for the job's `error.stderr`. A value type, bounded by lines and by bytes.

struct LineTail {
    private let maxLines: Int
    private let maxBytes: Int
    private(set) var lines: [String] = []
    private var byteCount = 0

    init(maxLines: Int, maxBytes: Int) {
        self.maxLines = max(0, maxLines)
        self.maxBytes = max(0, maxBytes)
    }

    /// Adds a line; the oldest make room. A line longer than all the room keeps its beginning.
    mutating func append(_ line: String) {
        guard maxLines > 0 else { return }
        let kept =
            line.utf8.count <= maxBytes ? line : String(decoding: Array(line.utf8.prefix(maxBytes)), as: UTF8.self)
        lines.append(kept)
        byteCount += kept.utf8.count
        while lines.count > maxLines || byteCount > maxBytes, lines.count > 1 {
            byteCount -= lines.removeFirst().utf8.count
        }
    }
}
