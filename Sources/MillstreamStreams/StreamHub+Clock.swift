// What happens because time passes: heartbeats and the end of streams that are old enough. Every reader is looked at each
// `roundMs`, one stripe of the readers at a time; an idle stream costs no timer. What would be late at the next look is done at
// this one: the interval and the age are bounds. Loop-confined.

extension StreamHub {
    private static let stripes = 12
    /// How often ``advance(nowMs:)`` has something to do, in milliseconds.
    public static let stripeMs: UInt64 = 62
    /// A stripe is every twelfth block of so many slots: whatever comes and goes, a slot stays in its stripe.
    private static let blockSlots = 32
    /// From one look to the next at the latest: a round of stripes, the wait for the call behind the time, and as much for a call
    /// that is late. Less than a second, the shortest interval.
    private static let roundMs = UInt64(stripes + 2) * stripeMs

    /// Brings the clock up to date. Call it at the beginning of each tick and about every ``stripeMs`` milliseconds; what it
    /// has to send leaves at once.
    public func advance(nowMs: UInt64) {
        self.nowMs = max(self.nowMs, nowMs)
        var visits = 0
        while nextStripeAtMs <= self.nowMs, visits < Self.stripes {
            visitStripe(nextStripe)
            nextStripe = (nextStripe + 1) % Self.stripes
            nextStripeAtMs += Self.stripeMs
            visits += 1
        }
        // After a long pause everybody was looked at once; the missed rounds are not made up for.
        if nextStripeAtMs <= self.nowMs { nextStripeAtMs = self.nowMs + Self.stripeMs }
        if visits > 0 { askStore() }
    }

    private func visitStripe(_ stripe: Int) {
        let used = readers.usedSlots
        let nextLookMs = nowMs + Self.roundMs
        let interval = UInt32(clamping: settings.heartbeatIntervalMs)
        for first in stride(from: stripe * Self.blockSlots, to: used, by: Self.stripes * Self.blockSlots) {
            for slot in first..<min(first + Self.blockSlots, used) {
                visit(UInt32(slot), UInt32(truncatingIfNeeded: nextLookMs), tenths(nextLookMs), interval)
            }
        }
    }

    @inline(__always)
    private func visit(_ slot: UInt32, _ nextLookMs: UInt32, _ nextLookTenths: UInt32, _ interval: UInt32) {
        let reader = readers[slot]
        switch reader.pointee.phase {
        case .free: break
        case .live, .waiting:
            if reader.pointee.expiresAtTenths <= nextLookTenths {
                close(readers.id(of: slot), .maxAge)
            } else if nextLookMs &- reader.pointee.lastSentMs > interval {
                sendHeartbeat(slot)
            }
        case .due, .blocked:
            // Who is due gets something in this tick anyway; who lags gets nothing but its end.
            if reader.pointee.expiresAtTenths <= nextLookTenths { close(readers.id(of: slot), .maxAge) }
        }
    }

    private func sendHeartbeat(_ slot: UInt32) {
        metrics.heartbeats += 1
        _ = send(heartbeat, Self.heartbeatText.count, to: slot)
    }
}
