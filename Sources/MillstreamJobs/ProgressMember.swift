// The numeric `data.progress` of an event, looked for in every event of every worker, and so found fast or not at all.

import MillstreamJSON

enum ProgressMember {
    /// `progress` as it lies in memory.
    private static let name = UInt64(littleEndian: 0x7373_6572_676F_7270)
    private static let nameBytes = 8

    /// The number under the first member `progress` of an object, held to 0…100; nil for anything else.
    static func value(in data: JSONText) -> Double? {
        guard data.kind == .object, let place = firstHint(in: data.bytes),
            let number = plainNumber(in: data.bytes, nameAt: place) ?? data.doubleMember("progress")
        else { return nil }
        return min(max(number, 0), 100)
    }

    /// Where the bytes of the name stand first, or an escape that might hide them: most events of other kinds end here, without a walk
    /// through their JSON.
    private static func firstHint(in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard buffer.count >= 13 else { return nil }
            for at in 1...(buffer.count - nameBytes) {
                let word = buffer.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                if word == name { return at }
                if word & 0xFFFF == 0x755C { return at }
            }
            return nil
        }
    }

    /// The short number behind `,"progress":` or `{"progress":` when nothing in front of that opens a container or escapes: then the
    /// object is the outermost, and the quote begins a name, because a comma or a brace within a string would be followed by the
    /// string's end, and that by no letter. Nil asks for the walk.
    private static func plainNumber(in bytes: [UInt8], nameAt at: Int) -> Double? {
        bytes.withUnsafeBytes { buffer in
            let start = at + nameBytes + 2
            guard at >= 2, start < buffer.count, buffer.loadUnaligned(fromByteOffset: at, as: UInt64.self) == name,
                buffer[at - 1] == UInt8(ascii: "\""), buffer[at + nameBytes] == UInt8(ascii: "\""),
                buffer[start - 1] == UInt8(ascii: ":"), at == 2 || buffer[at - 2] == UInt8(ascii: ",")
            else { return nil }
            for place in 1..<at - 1 {
                switch buffer[place] {
                case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\\"): return nil
                default: continue
                }
            }
            var end = start
            while end < buffer.count, buffer[end] != UInt8(ascii: ","), buffer[end] != UInt8(ascii: "}") { end += 1 }
            return ShortDecimal.parse(UnsafeRawBufferPointer(rebasing: buffer[start..<end]).bindMemory(to: UInt8.self))
        }
    }
}
