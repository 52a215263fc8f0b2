// Tells one request body from another under the same idempotency key.

enum Fingerprint {
    /// FNV-1a, 128 bits (draft-eastlake-fnv): accidental collisions are out of reach, and a caller that seeks one harms its own
    /// key only.
    static func of(_ bytes: [UInt8]) -> UInt128 {
        let prime: UInt128 = (1 << 88) + 0x13B
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        for byte in bytes {
            hash = (hash ^ UInt128(byte)) &* prime
        }
        return hash
    }
}
