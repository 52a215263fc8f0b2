// What a reader of several logs has beside its slot: its place in each log, and the ids that only it gets. Loop-confined.

import MillstreamJournal

/// The logs of one reader, in the order of its query.
final class CombinedReader {
    /// One of the logs.
    struct Entry {
        var log: UInt32
        /// Its place among the log's combined members.
        var member: Int
        var reading = LogReading(after: 0)
        /// Not nil while the log is not known.
        var unresolved: StartPoint?
        var statusVersion: UInt16 = 0
        /// Its part of every id.
        var pair: [UInt8]
        var pairSequence: Int64 = -1
        /// The log has ended and the reader has its last event.
        var isAtEnd = false
    }

    var entries: [Entry] = []
    /// Which log is served first; moves on, so that a busy one does not starve the others.
    var turn = 0

    /// Appends the id line of an event of the log at `place`, after its reading moved on.
    func appendIDLine(place: Int, to text: inout [UInt8]) {
        text.append(contentsOf: "id: ".utf8)
        DecimalText.append(Int64(place), to: &text)
        for entry in entries {
            text.append(UInt8(ascii: "-"))
            text.append(contentsOf: entry.pair)
        }
        text.append(UInt8(ascii: "\n"))
    }

    /// Brings the part of the id up to what the reader has.
    func note(_ sequence: Int64, epoch: Epoch?, at place: Int) {
        guard entries[place].pairSequence != sequence else { return }
        entries[place].pairSequence = sequence
        entries[place].pair = CombinedCursor.pair(epoch.map { EventID(epoch: $0, sequence: sequence) })
    }
}
