// RFC 9112 section 7.1, for well-formed input: what the server frames.

struct ChunkDecoder {
    private var pending: [UInt8] = []
    private(set) var isAtEnd = false

    mutating func decode(_ bytes: [UInt8]) -> [UInt8] {
        pending += bytes
        var body: [UInt8] = []
        var start = 0
        defer { pending.removeFirst(start) }
        while let end = lineEnd(from: start) {
            let digits = String(decoding: pending[start..<end], as: UTF8.self)
            guard let size = Int(digits, radix: 16) else { return body }
            let next = end + 2 + size + 2
            guard pending.count >= next else { return body }
            body += pending[(end + 2)..<(end + 2 + size)]
            start = next
            if size == 0 {
                isAtEnd = true
                return body
            }
        }
        return body
    }

    private func lineEnd(from start: Int) -> Int? {
        var index = start
        while index + 1 < pending.count {
            if pending[index] == 0x0D, pending[index + 1] == 0x0A { return index }
            index += 1
        }
        return nil
    }
}
