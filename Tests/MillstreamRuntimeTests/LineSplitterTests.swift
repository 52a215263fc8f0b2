import MillstreamTestSupport
import Testing

@testable import MillstreamRuntime

// Lines out of any pieces.

struct LineSplitterTests {
    private func lines(_ output: [UInt8], maxLineBytes: Int, pieces: [Int]) -> [OutputLine] {
        var splitter = LineSplitter(maxLineBytes: maxLineBytes)
        var found: [OutputLine] = []
        var start = 0
        for piece in pieces + [output.count] where start < output.count {
            let end = min(output.count, start + max(1, piece))
            output[start..<end].withUnsafeBytes { splitter.append($0) }
            while let line = splitter.next() { found.append(line) }
            start = end
        }
        if let last = splitter.finish() { found.append(last) }
        return found
    }

    @Test func theSplitOfTheBytesDoesNotChangeTheLines() {
        let seed = UInt64.random(in: 0 ... .max)
        print("line splitter, seed \(seed)")
        var random = SeededRandom(seed: seed)
        let alphabet = Array("ab\r\n\n\u{E9}\u{1F600}".utf8)
        for _ in 0..<2000 {
            let output = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            let limit = Int.random(in: 1...20, using: &random)
            let whole = lines(output, maxLineBytes: limit, pieces: [])
            let pieces = output.map { _ in Int.random(in: 1...7, using: &random) }
            #expect(lines(output, maxLineBytes: limit, pieces: pieces) == whole)
            #expect(whole.allSatisfy { $0.bytes.count <= limit && !$0.bytes.contains(0x0A) })
            // Nothing is lost but line ends and what was cut.
            if !whole.contains(where: \.isTruncated) {
                let kept = whole.reduce(0) { $0 + $1.bytes.count }
                let ends = output.filter { $0 == 0x0A }.count
                #expect(kept <= output.count - ends && kept >= output.count - 2 * ends - 1)
            }
        }
    }

    @Test func aCutLineIsNotCutWithinACharacter() {
        let line = lines(Array("aé\n".utf8), maxLineBytes: 2, pieces: [])
        #expect(line == [OutputLine(bytes: [0x61], isTruncated: true)])
        // Bytes that are no characters are cut where the limit is.
        let raw = [UInt8](repeating: 0x80, count: 10) + [0x0A]
        #expect(lines(raw, maxLineBytes: 4, pieces: []).first?.bytes.count == 4)
    }

    @Test func theLineEndDoesNotCountForTheLimit() {
        #expect(lines(Array("abcd\r\nabcd\n".utf8), maxLineBytes: 4, pieces: []).allSatisfy { !$0.isTruncated })
        #expect(lines(Array("abcd\r".utf8), maxLineBytes: 4, pieces: []).count == 1)
    }

    @Test func aFloodWithoutLineEndsIsHeldToTheLimit() {
        var splitter = LineSplitter(maxLineBytes: 100)
        let piece = [UInt8](repeating: 0x78, count: 65_536)
        var found: [OutputLine] = []
        for _ in 0..<100 {
            piece.withUnsafeBytes { splitter.append($0) }
            while let line = splitter.next() { found.append(line) }
        }
        #expect(found.count == 1 && found.first?.isTruncated == true)
        #expect(splitter.finish() == nil)
    }
}
