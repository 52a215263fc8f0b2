import Histogram

// What the streams of one group got. Plain numbers behind a pointer: the scanner adds to them per event, and a class would cost a
// retain or an exclusivity check each time. Owned by the group, used on the engine's thread only.

/// Of times in nanoseconds, with three significant digits up to 1,000 s; what is longer counts as that.
typealias LatencyHistogram = Histogram<UInt64>

extension LatencyHistogram {
    static let longestNs: UInt64 = 1_000_000_000_000

    static func make() -> LatencyHistogram {
        LatencyHistogram(lowestDiscernibleValue: 256, highestTrackableValue: longestNs)
    }

    @inline(__always)
    mutating func add(ns: UInt64) {
        record(ns < Self.longestNs ? ns : Self.longestNs)
    }

    var quantilesUs: Quantiles {
        guard totalCount > 0 else { return .none }
        func us(_ ns: UInt64) -> Double { (Double(ns) / 10).rounded() / 100 }
        func at(_ percentile: Double) -> Double { us(Swift.min(valueAtPercentile(percentile), maxRecorded)) }
        return Quantiles(
            count: Int(totalCount), min: us(min), mean: us(UInt64(mean)), p50: at(50), p90: at(90), p99: at(99),
            p999: at(99.9), max: us(maxRecorded))
    }
}

/// Counters of one group since the engine began; a phase takes differences.
struct Tally {
    /// Events that carry data, announcements aside.
    var events = 0
    /// Of them, those that had been emitted before their stream was asked for.
    var replayed = 0
    var gaps = 0
    var duplicates = 0
    var gapEvents = 0
    var unreadableIds = 0
    /// Events without a number that say something of the stream: `status`, `closing`.
    var announcements = 0
    var comments = 0
    var disconnects = 0
    var bytes = 0
    var reads = 0
    /// `t` later than our clock: the server's clock is another one.
    var negative = 0
    var firstEventAt: UInt64 = 0
    var lastEventAt: UInt64 = 0
    /// Whether an event that was emitted before its stream was asked for has a latency: with a job's stream, it has.
    var timesReplay = false
    /// Of the present second; the sampler empties it into the phase's.
    var latency = LatencyHistogram.make()
}
