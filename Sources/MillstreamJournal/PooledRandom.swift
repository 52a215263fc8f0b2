// Random numbers of the system, drawn a page at a time: each call of the system's own generator is a system call, and a new job
// needs three numbers. Nothing is stretched or computed: every number is the kernel's, given out once and wiped.

import Glibc

/// The system's random numbers. One thread. To be held in one place: a copy gives the same numbers again.
public struct PooledRandom: RandomNumberGenerator, Sendable {
    /// `getentropy` gives no more in one call.
    private static let wordsAtOnce = 256 / MemoryLayout<UInt64>.size

    private var words: [UInt64] = []
    private var left = 0

    public init() {}

    public mutating func next() -> UInt64 {
        if left == 0 { refill() }
        left -= 1
        defer { words[left] = 0 }
        return words[left]
    }

    /// Falls back on the standard library's generator, which knows what to do when the kernel has no numbers yet.
    private mutating func refill() {
        if words.isEmpty { words = [UInt64](repeating: 0, count: Self.wordsAtOnce) }
        let status = words.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
        if status != 0 {
            var system = SystemRandomNumberGenerator()
            for index in words.indices { words[index] = system.next() }
        }
        left = words.count
    }
}
