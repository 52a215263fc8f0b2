import Glibc
import MillstreamLoop

// When many requests wait for commits, a larger commit is cheaper for all of them: a flush, its wake-ups and its pages cost as much as
// the rows of ten jobs. Decides, on the lane's thread, when the lane gives its core away so that more of them come into its next
// batch. No timer: what is waited for is a core, never a request that may not come.

struct LaneCrowd {
    /// From so many requests in one commit on, the next ones are under way: their clients have their answers now.
    static let minCallers = 8
    /// No yield begins later than this after the first one. It bounds no single yield: a thread that computes keeps the core for its
    /// whole slice, some milliseconds.
    static let maxWaitNs: UInt64 = 1_000_000
    /// A yield that is over sooner had nobody to give the core to.
    static let idleYieldNs: UInt64 = 3_000
    /// So many crowds go without a yield after one that brought nothing but the wait: whoever took the core then is mostly still
    /// there, and a slice in so many commits is all that it gets to cost.
    static let crowdsInPause = 64

    /// Requests in the last batch that the loop answers.
    private var lastCallers = 0
    private var pause = 0

    /// The lane took a batch with so many requests that the loop answers.
    mutating func didTake(callers: Int) {
        lastCallers = callers
    }

    /// Gives the core to whoever waits for it while fewer requests wait than came last: to the loop, with answers to send and
    /// requests to read. Where the lane has a core of its own this returns at once.
    /// - Parameters:
    ///   - deadline: When the lane has something to do by itself.
    ///   - waitingCallers: How many requests wait; nil when anything else does, which is not to wait for them.
    mutating func letOthersThrough(
        until deadline: MonotonicTime,
        waitingCallers: () -> Int?,
        clock: () -> MonotonicTime = MonotonicTime.current,
        yield: () -> Void = { sched_yield() }
    ) {
        guard lastCallers >= Self.minCallers else { return }
        if pause > 0 {
            pause -= 1
            return
        }
        guard let first = waitingCallers(), first < lastCallers else { return }
        let start = clock()
        var last = start
        while last < deadline {
            yield()
            let now = clock()
            let yieldNs = now.nanoseconds - last.nanoseconds
            if yieldNs < Self.idleYieldNs { return }
            // Longer than the loop's turns are: somebody else has the core.
            if yieldNs > Self.maxWaitNs {
                pause = Self.crowdsInPause
                return
            }
            last = now
            guard let waiting = waitingCallers(), waiting < lastCallers else { return }
            if last.nanoseconds - start.nanoseconds >= Self.maxWaitNs {
                // Nobody came: yields are dear here, or the loop is not what they give the core to.
                if waiting <= first { pause = Self.crowdsInPause }
                return
            }
        }
    }
}
