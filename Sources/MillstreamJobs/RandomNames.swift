// Names that the server makes: ids of jobs, epochs of logs. Pure functions of a clock and random bits.

import MillstreamJournal

enum RandomNames {
    /// A UUID of version 7 (RFC 9562, section 5.7): sorts by time, 74 random bits.
    static func jobID(at time: Timestamp, using random: inout some RandomNumberGenerator) -> JobID {
        let stamp = UInt64(truncatingIfNeeded: max(0, time.milliseconds)) & 0xFFFF_FFFF_FFFF
        let high = stamp << 16 | 0x7000 | random.next() & 0x0FFF
        let low = 0x8000_0000_0000_0000 | random.next() & 0x3FFF_FFFF_FFFF_FFFF
        let text = String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for shift in stride(from: 124, through: 0, by: -4) {
                if at == 8 || at == 13 || at == 18 || at == 23 {
                    buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                let digit = UInt8(truncatingIfNeeded: (shift >= 64 ? high >> (shift - 64) : low >> shift) & 0xF)
                buffer[at] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                at += 1
            }
            return at
        }
        return JobID(trusted: text)
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
