@testable import Load

/// A stream that is fed by hand, and what it counted.
final class StreamReading {
    let state: UnsafeMutablePointer<StreamState>
    let tally: UnsafeMutablePointer<Tally>

    init() {
        state = .allocate(capacity: 1)
        state.initialize(to: StreamState())
        tally = .allocate(capacity: 1)
        tally.initialize(to: Tally())
    }

    deinit {
        state.pointee.release()
        state.deallocate()
        tally.deinitialize(count: 1)
        tally.deallocate()
    }

    /// Feeds a body with its framing, until it ends.
    @discardableResult
    func body(_ bytes: [UInt8], now: UInt64 = 1_000_000) -> BodyReader.Outcome {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return .open }
            return BodyReader.feed(base, buffer.count, now: now, state, tally)
        }
    }

    /// Feeds text without framing.
    @discardableResult
    func text(_ text: String, now: UInt64 = 1_000_000) -> Bool {
        Array(text.utf8).withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return true }
            return StreamScanner.feed(base, buffer.count, now: now, state, tally)
        }
    }

    /// What must not depend on how the bytes were cut.
    var summary: [Int] {
        let tally = tally.pointee
        return [
            tally.events, tally.gaps, tally.duplicates, tally.gapEvents, tally.unreadableIds, tally.announcements,
            tally.comments, tally.replayed, Int(tally.latency.totalCount), Int(state.pointee.lastSequence),
            Int(state.pointee.terminals),
        ]
    }
}
