// The id of an event on a stream of several logs: which log it is of, and a cursor for all of them. Pure text.

import MillstreamJournal

/// `<n>-<epoch>-<seq>-<epoch>-<seq>…`: n is the place of the event's log in the query, then one pair per log with the
/// sequence in base 36, `0-0` for a log that does not exist yet.
///
/// With 64 logs, epochs of 12 and sequences of 12 characters it has 1,666 bytes: below the 2 KiB of the contract.
public struct CombinedCursor: Hashable, Sendable {
    /// How many logs one stream may have.
    public static let maxLogs = 64
    static let missing: [UInt8] = Array("0-0".utf8)
    private static let maxSequenceDigits = 12

    /// The last event of each log that the reader has, in the order of the query; nil for none yet.
    public var positions: [EventID?]

    public init(positions: [EventID?]) {
        self.positions = positions
    }

    /// Nil when the text has another form.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.count % 2 == 1, parts.count <= 2 * Self.maxLogs + 1 else { return nil }
        guard let place = Int(Substring(parts[0])), String(place) == String(Substring(parts[0])) else { return nil }
        positions = []
        for index in stride(from: 1, to: parts.count, by: 2) {
            guard let epoch = Epoch(String(Substring(parts[index]))), let sequence = Self.sequence(parts[index + 1])
            else { return nil }
            let isMissing = sequence == 0 && epoch.text == "0"
            positions.append(isMissing ? nil : EventID(epoch: epoch, sequence: sequence))
        }
        guard place >= 0, place < positions.count else { return nil }
    }

    private static func sequence(_ digits: Substring.UTF8View) -> Int64? {
        guard (1...maxSequenceDigits).contains(digits.count) else { return nil }
        var value: Int64 = 0
        for digit in digits {
            // 36 to the 12th power is below 2 to the 63rd.
            switch digit {
            case 0x30...0x39: value = value * 36 + Int64(digit - 0x30)
            case 0x61...0x7A: value = value * 36 + Int64(digit - 0x61) + 10
            default: return nil
            }
        }
        return value
    }

    /// The pair of one log.
    static func pair(_ position: EventID?) -> [UInt8] {
        guard let position else { return missing }
        return Array((position.epoch.text + "-" + String(position.sequence, radix: 36)).utf8)
    }

    /// The id of an event of the log at place `n`.
    public func text(of n: Int) -> String {
        let pairs = positions.map { "-" + String(decoding: Self.pair($0), as: UTF8.self) }
        return String(n) + pairs.joined()
    }
}
