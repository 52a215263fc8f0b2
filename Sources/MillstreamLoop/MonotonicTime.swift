import Glibc

// A point on CLOCK_MONOTONIC. A value, usable on every thread; it says nothing about the time of day.

/// Nanoseconds of CLOCK_MONOTONIC: the only clock that deadlines are measured with.
public struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since an arbitrary start, the same for all processes since boot.
    public var nanoseconds: UInt64

    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// A deadline that never comes.
    public static let never = MonotonicTime(nanoseconds: .max)

    /// Reads the clock (about 20 ns, no system call).
    public static func current() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    /// This time plus `milliseconds`; stays at `never` instead of overflowing.
    public func advanced(byMs milliseconds: Int) -> MonotonicTime {
        let step = UInt64(max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
        let sum = nanoseconds.addingReportingOverflow(step.partialValue)
        return step.overflow || sum.overflow ? .never : MonotonicTime(nanoseconds: sum.partialValue)
    }

    /// Whole milliseconds from `earlier` to this time; 0 when `earlier` is later.
    public func milliseconds(since earlier: MonotonicTime) -> Int {
        nanoseconds <= earlier.nanoseconds ? 0 : Int((nanoseconds - earlier.nanoseconds) / 1_000_000)
    }

    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
