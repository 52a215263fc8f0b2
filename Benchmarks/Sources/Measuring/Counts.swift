// What a piece of code cost, in numbers that do not depend on the machine's speed. A plain value, and the tap at the counters of
// CCounting, which are of the calling thread.

import CCounting
import Glibc

/// Allocations, bytes and system calls of a piece of code.
public struct Counts: Hashable, Sendable {
    public var allocations: UInt64 = 0
    public var allocatedBytes: UInt64 = 0
    public var frees: UInt64 = 0
    /// What write, send and their kind took.
    public var kernelBytes: UInt64 = 0
    /// What the process held more after `hold` than before it.
    public var heldBytes: UInt64 = 0
    /// By the name of the C library's wrapper; only calls that were made.
    public var calls: [String: UInt64] = [:]

    public init() {}

    init(_ counted: counting_counts) {
        var counted = counted
        allocations = counted.allocations
        allocatedBytes = counted.allocated_bytes
        frees = counted.frees
        kernelBytes = counted.kernel_bytes
        for call in 0..<Int32(COUNTING_CALL_COUNT.rawValue) {
            let count = counting_calls(&counted, call)
            if count > 0, let name = counting_name(call) { calls[String(cString: name)] = count }
        }
    }

    /// All system calls.
    public var callCount: UInt64 { calls.values.reduce(0, +) }
}

/// Counts what happens inside `count`, and nothing else: the set-up of a round, and the peers that a round plays itself, cost
/// nothing. Of one thread.
public final class Meter {
    /// Nanoseconds inside `count`, by the monotonic clock.
    public private(set) var nanoseconds: UInt64 = 0
    private var heldBytes: UInt64 = 0

    public init() {
        reset()
    }

    /// Counts `body`; may be called often in one round, not from within itself.
    public func count<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        let started = now()
        counting_start()
        defer {
            counting_stop()
            nanoseconds += now() - started
        }
        return try body()
    }

    /// Notes how much more memory the process holds after `body`, whichever of its threads asked for it.
    public func hold<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        let before = settledBytes()
        let result = try body()
        heldBytes += max(before, settledBytes()) - before
        return result
    }

    /// What the process holds once its other threads are done with what they were at, or after a second.
    private func settledBytes() -> UInt64 {
        var bytes = counting_held_bytes()
        var unchanged = 0
        for _ in 0..<500 where unchanged < 5 {
            usleep(2_000)
            let next = counting_held_bytes()
            unchanged = next == bytes ? unchanged + 1 : 0
            bytes = next
        }
        return bytes
    }

    /// Begins anew.
    public func reset() {
        nanoseconds = 0
        heldBytes = 0
        counting_reset()
    }

    /// What was counted since the last `reset`.
    public func read() -> Counts {
        var counted = counting_counts()
        counting_read(&counted)
        var counts = Counts(counted)
        counts.heldBytes = heldBytes
        return counts
    }

    private func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
