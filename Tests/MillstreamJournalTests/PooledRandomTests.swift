// Numbers that are drawn many at once: none is given out twice, and none is made up.

import MillstreamJournal
import Testing

@Suite struct PooledRandomTests {
    @Test func noNumberComesTwice() {
        var random = PooledRandom()
        let numbers = (0..<10_000).map { _ in random.next() }
        #expect(Set(numbers).count == numbers.count)
        #expect(!numbers.contains(0))
    }

    @Test func everyBitIsAsOftenSetAsNot() {
        var random = PooledRandom()
        var counts = [Int](repeating: 0, count: 64)
        for _ in 0..<10_000 {
            let number = random.next()
            for bit in 0..<64 where number >> UInt64(bit) & 1 == 1 { counts[bit] += 1 }
        }
        // Ten standard deviations of a fair coin.
        #expect(counts.allSatisfy { (4_500...5_500).contains($0) })
    }
}
