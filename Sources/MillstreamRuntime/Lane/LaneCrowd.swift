import Glibc
import MillstreamLoop

// When many requests wait for commits, a larger commit is cheaper for all of them: a flush, its wake-ups and its pages cost as much as
// the rows of ten jobs. Journal lane only. No timer: what is waited for is a core, never a request that may not come.

enum LaneCrowd {
    /// From so many requests in one commit on, the next ones are under way: their clients have their answers now.
    static let minCallers = 8
    private static let maxWaitNs: UInt64 = 1_000_000
    /// A yield that is over sooner had nobody to give the core to.
    private static let idleYieldNs: UInt64 = 3_000

    /// Gives the core to whoever waits for it, as long as somebody does: the loop, with answers to send and requests to read. Where
    /// the lane has a core of its own this returns at once.
    static func letOthersThrough() {
        let start = MonotonicTime.current().nanoseconds
        var last = start
        while last - start < maxWaitNs {
            sched_yield()
            let now = MonotonicTime.current().nanoseconds
            if now - last < idleYieldNs { return }
            last = now
        }
    }
}
