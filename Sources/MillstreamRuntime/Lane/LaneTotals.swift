// What the lane's metrics need beside the batch at hand: counts since the start, and what is told with a later report. A value of the
// lane's thread.

struct LaneTotals {
    var failedCommits: UInt64 = 0
    var storedCommands: UInt64 = 0
    /// In `makeRoom`, not told yet.
    var roomNs: UInt64 = 0

    /// - Parameter depths: of the queue, now.
    mutating func tell(_ measures: inout LaneMeasures, depths: LaneQueue.Depths) {
        measures.callerDepth = depths.callers
        measures.emissionDepth = depths.emissions
        measures.waitingEmitters = depths.waiting
        measures.failedCommits = failedCommits
        measures.storedCommands = storedCommands
        measures.roomNs = roomNs
        roomNs = 0
    }
}
