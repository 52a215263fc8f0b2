// The source of all random test input. The seed is printed, and MILLSTREAM_TEST_SEED repeats a run.

import Glibc

struct SeededRandom: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    /// - Parameter test: what the seed is printed with.
    init(_ test: String = #function) {
        let given = getenv("MILLSTREAM_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        seed = given ?? UInt64.random(in: 0...UInt64(UInt32.max))
        state = seed
        print("\(test): MILLSTREAM_TEST_SEED=\(seed)")
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func chance(oneIn count: Int) -> Bool { int(1...count) == 1 }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[int(0...choices.count - 1)] }
}
