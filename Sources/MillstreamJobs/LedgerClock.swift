// The two clocks by which the ledger decides; tests drive both.

import MillstreamJournal

/// A moment: wall clock for what is stored and shown, monotonic for durations within one run of the server.
public struct LedgerTime: Sendable, Hashable {
    public var wall: Timestamp
    public var monotonicMs: Int64

    public init(wall: Timestamp, monotonicMs: Int64) {
        self.wall = wall
        self.monotonicMs = monotonicMs
    }
}
