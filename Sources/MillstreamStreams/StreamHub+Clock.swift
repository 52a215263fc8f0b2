// What happens because time passes: heartbeats and the end of streams that are old enough. Every reader is looked at once a
// second, a sixteenth of them at a time; an idle stream costs no timer. Loop-confined.

extension StreamHub {
    private static let stripes = 16
    /// How often ``advance(nowMs:)`` has something to do, in milliseconds.
    public static let stripeMs: UInt64 = 1000 / 16

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
        let now = UInt32(truncatingIfNeeded: nowMs)
        let nowTenths = nowTenths
        let interval = UInt32(clamping: settings.heartbeatIntervalMs)
        for slot in (used * stripe / Self.stripes)..<(used * (stripe + 1) / Self.stripes) {
            let reader = readers[UInt32(slot)]
            switch reader.pointee.phase {
            case .free: continue
            case .live, .waiting:
                if reader.pointee.expiresAtTenths <= nowTenths {
                    close(readers.id(of: UInt32(slot)), .maxAge)
                } else if now &- reader.pointee.lastSentMs >= interval {
                    sendHeartbeat(UInt32(slot))
                }
            case .due, .blocked:
                // Who is due gets something in this tick anyway; who lags gets nothing but its end.
                if reader.pointee.expiresAtTenths <= nowTenths { close(readers.id(of: UInt32(slot)), .maxAge) }
            }
        }
    }

    private func sendHeartbeat(_ slot: UInt32) {
        metrics.heartbeats += 1
        _ = send(heartbeat, Self.heartbeatText.count, to: slot)
    }
}
