// The numeric `data.progress` of an event, looked for in every event of every worker, and so found fast or not at all.

import MillstreamJSON

enum ProgressMember {
    /// The number under the first member `progress` of an object, held to 0…100; nil for anything else.
    ///
    /// The bytes are first searched for the name (or an escape that might hide it): most events of other kinds end there,
    /// without a walk through their JSON.
    static func value(in data: JSONText) -> Double? {
        guard data.kind == .object, mayHoldName(data.bytes), let number = data.doubleMember("progress") else {
            return nil
        }
        return min(max(number, 0), 100)
    }

    private static func mayHoldName(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            guard buffer.count >= 13 else { return false }
            // `progress` as it lies in memory.
            let name = UInt64(littleEndian: 0x7373_6572_676F_7270)
            for at in 1...(buffer.count - 8) {
                let word = buffer.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                if word == name { return true }
                if word & 0xFFFF == 0x755C { return true }
            }
            return false
        }
    }
}
