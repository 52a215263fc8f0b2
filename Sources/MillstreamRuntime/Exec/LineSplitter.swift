// A program's output cut into lines, with bounded memory whatever it writes. A value type; feed it and then take all lines.

/// One line without its line end.
struct OutputLine: Hashable, Sendable {
    var bytes: [UInt8]
    /// The line was longer than the limit; the rest of it was dropped.
    var isTruncated = false

    /// The text; bytes that are no UTF-8 become U+FFFD.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The last place up to this one that is not within a character, as far as the bytes are UTF-8.
    func endOfWholeCharacters(upTo limit: Int) -> Int {
        guard limit < bytes.count else { return bytes.count }
        var end = limit
        while end > 0, limit - end < 3, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return bytes[end] & 0xC0 == 0x80 ? limit : end
    }
}

struct LineSplitter {
    private let maxLineBytes: Int
    private var buffer: [UInt8] = []
    /// Where the first line that was not taken begins.
    private var start = 0
    /// No line feed lies before this place.
    private var scanned = 0
    /// The rest of a line that was cut is being dropped.
    private var isSkipping = false

    init(maxLineBytes: Int) {
        self.maxLineBytes = max(1, maxLineBytes)
    }

    /// Adds output. Call when `next` gave nil: then what is held is never more than a line and this.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 0 {
            buffer.removeSubrange(..<start)
            scanned -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next line that is complete or too long.
    mutating func next() -> OutputLine? {
        while true {
            let end = lineFeed()
            if isSkipping {
                guard let end else {
                    drop(through: buffer.count)
                    return nil
                }
                isSkipping = false
                drop(through: end + 1)
                continue
            }
            let length = (end ?? buffer.count) - start
            if length > maxLineBytes, !endsWithReturn(end, length) {
                let line = OutputLine(bytes: cut(), isTruncated: true)
                isSkipping = true
                return line
            }
            guard let end else { return nil }
            let line = OutputLine(bytes: Array(buffer[start..<withoutReturn(end)]))
            drop(through: end + 1)
            return line
        }
    }

    /// At the end of the output: what stands there without a line end.
    mutating func finish() -> OutputLine? {
        defer { drop(through: buffer.count) }
        guard !isSkipping, start < buffer.count else { return nil }
        return OutputLine(bytes: Array(buffer[start..<withoutReturn(buffer.count)]))
    }

    private mutating func lineFeed() -> Int? {
        let found = buffer.withUnsafeBufferPointer { $0[scanned...].firstIndex(of: 0x0A) }
        scanned = found ?? buffer.count
        return found
    }

    private mutating func drop(through end: Int) {
        start = end
        scanned = max(scanned, end)
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 17)
            start = 0
            scanned = 0
        }
    }

    /// The carriage return of a CRLF does not count, nor one whose line feed may still come.
    private func endsWithReturn(_ end: Int?, _ length: Int) -> Bool {
        length == maxLineBytes + 1 && buffer[(end ?? buffer.count) - 1] == 0x0D
    }

    private func withoutReturn(_ end: Int) -> Int {
        end > start && buffer[end - 1] == 0x0D ? end - 1 : end
    }

    /// The line's first bytes, not cut within a character.
    private func cut() -> [UInt8] {
        var end = start + maxLineBytes
        var steps = 0
        while steps < 3, end > start, buffer[end] & 0xC0 == 0x80 {
            end -= 1
            steps += 1
        }
        if buffer[end] & 0xC0 == 0x80 { end = start + maxLineBytes }
        return Array(buffer[start..<end])
    }
}
