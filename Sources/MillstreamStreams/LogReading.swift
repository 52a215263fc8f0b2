// One reader's place in one log: a value type whose mutating methods say what leaves next; the hub performs it. It knows
// nothing of sockets, pages and bytes.

import MillstreamJournal

/// Where a reader stands in a log, and what it may be spared.
///
/// Conflation: an event named `progress` is left out when a newer one exists, the reader had caught up before, and the event came
/// no later than the last time the reader's output drained (`laggedThrough`), that is, while output was pending or an earlier
/// lag was not made up for. History that the reader asked for is never left out.
struct LogReading {
    /// What leaves next out of a run of encoded events.
    enum Piece: Equatable {
        /// These events, consecutive.
        case events(ClosedRange<Int64>)
        /// These were left out; what follows is an event.
        case skipped(ClosedRange<Int64>)
    }

    /// The last event that was delivered or left out.
    private(set) var sequence: Int64
    /// The first event left out that was not announced yet; the last one is `sequence`. 0: none.
    private var skippedFrom: Int64 = 0
    /// The end of the log when output last drained; 0 until the reader has caught up once.
    private var laggedThrough: Int64 = 0
    private var hasCaughtUp = false

    /// - Parameter sequence: the last event that the reader has; 0 for none.
    init(after sequence: Int64) {
        self.sequence = sequence
    }

    /// The last event that the reader has or was told to have lost.
    var received: Int64 { skippedFrom == 0 ? sequence : skippedFrom - 1 }

    /// The reader got everything up to here in a payload shared with others.
    @inline(__always)
    mutating func didDeliver(through last: Int64) { sequence = last }

    /// The reader has nothing more to get; from now on events are live for it.
    mutating func didCatchUp() {
        hasCaughtUp = true
    }

    /// The reader's output is empty again.
    mutating func didDrain(logEnd: Int64) {
        if hasCaughtUp { laggedThrough = max(laggedThrough, logEnd) }
    }

    /// What was left out and not announced yet; after this it counts as announced.
    mutating func announceSkips() -> ClosedRange<Int64>? {
        guard skippedFrom != 0 else { return nil }
        defer { skippedFrom = 0 }
        return skippedFrom...sequence
    }

    /// The events up to `last`, which is beyond `sequence`, cannot be had any more. Which ones.
    mutating func lose(through last: Int64) -> ClosedRange<Int64> {
        defer { sequence = max(sequence + 1, last) }
        return (sequence + 1)...max(sequence + 1, last)
    }

    /// The next piece out of `events`, which hold the event after `sequence`; nil when all the rest of them is left out.
    /// - Parameters:
    ///   - newestProgress: the number of the log's last `progress`.
    ///   - maxBytes: of text; one event is given in any case.
    mutating func next(in events: borrowing EncodedEvents, newestProgress: Int64, maxBytes: Int) -> Piece? {
        while sequence < events.last {
            let candidate = sequence + 1
            if skips(candidate, in: events, newestProgress) {
                if skippedFrom == 0 { skippedFrom = candidate }
                sequence = candidate
                continue
            }
            if let skipped = announceSkips() { return .skipped(skipped) }
            var bytes = events.byteCount(of: candidate)
            var last = candidate
            while last < events.last, !skips(last + 1, in: events, newestProgress) {
                bytes += events.byteCount(of: last + 1)
                guard bytes <= maxBytes else { break }
                last += 1
            }
            sequence = last
            return .events(candidate...last)
        }
        return nil
    }

    @inline(__always)
    private func skips(_ candidate: Int64, in events: borrowing EncodedEvents, _ newestProgress: Int64) -> Bool {
        candidate <= laggedThrough && candidate < newestProgress && events.isProgress(candidate)
    }
}
