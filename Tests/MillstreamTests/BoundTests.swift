// Every setting that bounds something is counted when it is reached, under its own name.

import Millstream
import MillstreamServer
import Testing

@Suite struct BoundTests {
    /// Settings of these sections are bounds, but for those below.
    private static let sections: Set = ["limits", "streams", "workers", "uploads", "retention", "journal", "log"]

    /// No bounds that anything of ours could come up against, and why.
    private static let others: [String: String] = [
        "log.format": "a choice", "log.level": "a choice", "log.file": "a path",
        "journal.store": "a choice", "journal.synchronous": "a choice",
        "journal.readers": "threads that share a queue, whose bound is limits.replay_queue",
        "journal.cache_bytes": "a cache: what does not fit is read again",
        "limits.backlog": "the kernel's: it drops the connection and tells nobody",
        "limits.send_buffer": "the kernel's: who does not fit it lags, which millstream_streams_lagging shows",
        "limits.max_metric_series": "counted by the registry, as millstream_metric_series_dropped_total",
        "streams.heartbeat": "an interval", "streams.retry": "told to readers",
        "streams.retry_spread": "told to readers",
        "streams.max_age_spread": "a part of streams.max_age",
    ]

    @Test func everyBoundHasItsCount() {
        let bounds = SettingTable.all.map(\.key).filter { key in
            Self.sections.contains(String(key.prefix { $0 != "." })) && Self.others[key] == nil
        }
        #expect(Set(bounds) == Set(ReachedLimit.allCases.map(\.rawValue)))
    }

    @Test func whatIsNoBoundIsASetting() {
        for key in Self.others.keys { #expect(SettingTable.setting(key) != nil, "\(key)") }
    }
}
