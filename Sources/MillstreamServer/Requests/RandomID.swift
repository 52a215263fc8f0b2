// Names that nobody can guess.

enum RandomID {
    /// 128 bits out of the system's generator, as 26 characters out of `[a-z0-9]` at most.
    static func make() -> String {
        String(UInt128.random(in: .min ... .max), radix: 36)
    }
}
