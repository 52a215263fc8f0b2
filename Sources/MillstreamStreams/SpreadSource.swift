// Where the spread of times comes from, so that readers do not all come back in one moment. A value; a seed makes a test repeat.

/// SplitMix64 (Steele, Lea, Flood 2014): good enough for spreading, never for secrets.
struct SpreadSource: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 to `bound`, inclusive; 0 for a bound below 1.
    mutating func upTo(_ bound: Int) -> Int {
        bound < 1 ? 0 : Int.random(in: 0...bound, using: &self)
    }
}
