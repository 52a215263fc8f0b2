// Names that the server makes: ids of jobs, epochs of logs. Pure functions of a clock and random bits.

import MillstreamJournal

enum RandomNames {
    private static let hyphen = UInt8(ascii: "-")

    /// A UUID of version 7 (RFC 9562, section 5.7): sorts by time, 74 random bits.
    static func jobID(at time: Timestamp, using random: inout some RandomNumberGenerator) -> JobID {
        let stamp = UInt64(truncatingIfNeeded: max(0, time.milliseconds)) & 0xFFFF_FFFF_FFFF
        let high = stamp << 16 | 0x7000 | random.next() & 0x0FFF
        let low = 0x8000_0000_0000_0000 | random.next() & 0x3FFF_FFFF_FFFF_FFFF
        let text = String(unsafeUninitializedCapacity: 36) { buffer in
            put(high >> 32, 8, to: buffer, at: 0)
            put(high >> 16, 4, to: buffer, at: 9)
            put(high, 4, to: buffer, at: 14)
            put(low >> 48, 4, to: buffer, at: 19)
            put(low, 12, to: buffer, at: 24)
            (buffer[8], buffer[13], buffer[18], buffer[23]) = (hyphen, hyphen, hyphen, hyphen)
            return 36
        }
        return JobID(trusted: text)
    }

    /// The lowest `count` hexadecimal digits.
    private static func put(_ bits: UInt64, _ count: Int, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        var rest = bits
        for at in stride(from: start + count - 1, through: start, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest & 0xF)
            buffer[at] = digit &+ (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
            rest >>= 4
        }
    }

    /// Six characters out of one draw: a generator of the system costs a system call for each.
    static func epoch(using random: inout some RandomNumberGenerator) -> Epoch {
        var bits = random.next()
        let text = String(unsafeUninitializedCapacity: 6) { buffer in
            for at in 0..<6 {
                let digit = UInt8(bits % 36)
                bits /= 36
                buffer[at] = digit < 26 ? UInt8(ascii: "a") + digit : UInt8(ascii: "0") + digit - 26
            }
            return 6
        }
        return Epoch(text) ?? Epoch.random(using: &random)
    }
}
