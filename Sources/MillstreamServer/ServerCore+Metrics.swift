// The figures that are read off the parts when somebody looks, instead of being counted all the time. Loop-confined.

import MillstreamJobs
import MillstreamRuntime

extension ServerCore {
    /// Prometheus text with all gauges as of now.
    func renderMetrics() -> [UInt8] {
        let loopStats = loop.stats
        metrics.setTotal("millstream_ticks_total", loopStats.tickCount)
        metrics.setGauge("millstream_loop_busy_seconds", Double(loopStats.busyNanoseconds) / 1e9)
        metrics.setGauge("millstream_tick_max_seconds", Double(loop.takeMaxTick()) / 1e9)
        let connections = http.metrics
        metrics.setGauge("millstream_connections_open", Double(connections.openConnections))
        metrics.setTotal("millstream_connections_accepted_total", connections.accepted)
        metrics.setTotal("millstream_accept_failures_total", connections.acceptFailures)
        metrics.setTotal("millstream_stalled_replies_total", connections.stallCloses)
        metrics.setTotal("millstream_request_bytes_total", connections.bytesIn)
        metrics.setTotal("millstream_reply_bytes_total", connections.bytesOut)
        metrics.setGauge("millstream_mailbox_depth", Double(mailboxDepth()))
        metrics.setGauge("millstream_request_body_bytes", Double(connections.bufferedBodyBytes))
        metrics.setGauge("millstream_requests_parked", Double(parked.count))
        metrics.setGauge("millstream_replay_queue", Double(replay.depth))
        metrics.setGauge("millstream_upload_bytes", Double(uploads.byteCount))
        metrics.setJobs(directory.counts)
        let age = directory.oldestQueuedSince.map { LedgerTime.current().wall.milliseconds - $0.milliseconds } ?? 0
        metrics.setGauge("millstream_queue_age_seconds", Double(max(0, age)) / 1000)
        metrics.setGauge("millstream_jobs_queued", Double(directory.queuedJobCount))
        streams.report(to: metrics)
        return metrics.exposition()
    }
}
