import MillstreamLoop

// How many lines of standard error become events: a token bucket. A value type; the caller gives the time.

struct LineThrottle {
    private let burst: Double
    private let perSecond: Double
    private var tokens: Double
    private var refilledAt: MonotonicTime
    /// Lines refused since the last one that passed.
    private(set) var suppressed = 0

    init(burst: Int, perSecond: Int, now: MonotonicTime) {
        self.burst = Double(max(1, burst))
        self.perSecond = Double(max(0, perSecond))
        tokens = self.burst
        refilledAt = now
    }

    /// Whether a line may pass now.
    mutating func allows(now: MonotonicTime) -> Bool {
        let elapsed = now.nanoseconds > refilledAt.nanoseconds ? now.nanoseconds - refilledAt.nanoseconds : 0
        tokens = min(burst, tokens + Double(elapsed) / 1e9 * perSecond)
        refilledAt = now
        guard tokens >= 1 else {
            suppressed += 1
            return false
        }
        tokens -= 1
        return true
    }

    /// Lines left out since this was asked last.
    mutating func takeSuppressed() -> Int {
        defer { suppressed = 0 }
        return suppressed
    }
}
