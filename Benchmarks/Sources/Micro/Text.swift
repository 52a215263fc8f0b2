// The data on which all benchmarks work: the same in every run, of the sizes that the load generator's scenarios have.

import MillstreamJSON
import MillstreamJournal

enum Text {
    /// Random bits that are the same in every run (SplitMix64).
    struct Generator: RandomNumberGenerator, Sendable {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// An object of 200 bytes: the data of an event.
    static let data: [UInt8] = {
        let head = #"{"t":1795248000000,"n":4711,"state":"in_progress","padding":""#
        let padding = String(repeating: "abcdefghijklmnopqrstuvwxyz", count: 8).prefix(198 - head.utf8.count)
        return Array("\(head)\(padding)\"}".utf8)
    }()

    /// The same object with the white space of a person.
    static let spacedData: [UInt8] = Array(
        String(decoding: data, as: UTF8.self).replacing(",", with: ",\n  ").replacing(":", with: ": ").utf8)

    static let time = Timestamp(milliseconds: 1_795_248_000_000)
    static let epoch = Epoch("k3f9ab")!

    static func events(from first: Int64, count: Int) -> [EventRecord] {
        (0..<Int64(count)).map { step in
            EventRecord(sequence: first + step, name: "message", data: JSONText(trusted: data), time: time)
        }
    }
}
