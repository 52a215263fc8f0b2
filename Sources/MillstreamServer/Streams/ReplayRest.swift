// While thousands of readers come back at once, the loop always has something to do and never sleeps. Where the process has one core
// only, a commit waits for that: the journal's thread is woken by the disk and does not get the core before the kernel's next clock
// tick, and the kernel's own thread that sends the flush to the disk may wait for milliseconds (see Capacity, "One core for all of
// it"). So the loop sleeps between two rounds of turns while a commit is under way, until it hears of it: who is behind can wait,
// who watches live can not.

import MillstreamLoop

/// When a loop with readers that are behind gives its core to the journal. Loop-confined.
enum ReplayRest {
    /// A tick whose turns cost less, in the hub's bytes, is followed by others in which the loop sleeps by itself.
    static let minTurnsCost: UInt64 = 64 << 10
    /// About what the turns of a tick take. A disk that is slower than that costs a replay half of its speed, no more.
    static let maxNs = 300_000

    /// With more cores than one the journal runs beside the loop, and a rest would help nobody.
    static var isNeeded: Bool { EventLoop.allowedCores == 1 }

    /// - Parameters:
    ///   - turnsCost: of the tick that has just ended.
    ///   - owesReport: whether the journal's report is yet to come; asked last, it costs a lock.
    static func isDue(turnsCost: UInt64, owesReport: @autoclosure () -> Bool) -> Bool {
        turnsCost >= minTurnsCost && owesReport()
    }
}
