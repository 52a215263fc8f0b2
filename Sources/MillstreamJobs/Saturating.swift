// Arithmetic on times that a caller may have chosen: it ends at the edge of the range instead of trapping.

import MillstreamJournal

extension Int64 {
    /// The sum, or the nearest value there is.
    func saturatingSum(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest value there is.
    func saturatingDifference(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}

extension Timestamp {
    func adding(milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: self.milliseconds.saturatingSum(milliseconds))
    }
}

extension RetryPolicy {
    /// The bound of the pause after the given attempt: exponential, up to `maxBackoffMs`.
    func ceilingMs(afterAttempt attempt: Int) -> Int64 {
        var ceiling = max(0, backoffMs)
        for _ in 1..<max(attempt, 1) {
            guard ceiling < maxBackoffMs else { break }
            let (doubled, overflow) = ceiling.multipliedReportingOverflow(by: 2)
            guard !overflow, ceiling > 0 else { break }
            ceiling = doubled
        }
        return min(ceiling, max(0, maxBackoffMs))
    }
}
