// The figures that are read off the parts when somebody looks, instead of being counted all the time. Loop-confined.

import MillstreamHTTP
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
        metrics.setGauge("millstream_mailbox_depth", Double(gauges.mailboxDepth()))
        metrics.setGauge("millstream_request_body_bytes", Double(connections.bufferedBodyBytes))
        metrics.setGauge("millstream_requests_parked", Double(parked.count))
        metrics.setGauge("millstream_replay_queue", Double(replay.depth))
        metrics.setGauge("millstream_upload_bytes", Double(uploads.byteCount))
        metrics.setGauge("millstream_upload_bytes_incoming", Double(uploads.claimedByteCount))
        metrics.setGauge("millstream_uploads_incoming", Double(connections.activeUploads))
        reportWorkers()
        reportHits(connections)
        metrics.setJobs(directory.counts)
        let age = directory.oldestQueuedSince.map { LedgerTime.current().wall.milliseconds - $0.milliseconds } ?? 0
        metrics.setGauge("millstream_queue_age_seconds", Double(max(0, age)) / 1000)
        metrics.setGauge("millstream_jobs_queued", Double(directory.queuedJobCount))
        streams.report(to: metrics)
        return metrics.exposition()
    }

    private func reportWorkers() {
        let workers = gauges.workers()
        metrics.setGauge("millstream_worker_runs", Double(workers.runningHandlers), dimensions: [("worker", "swift")])
        metrics.setGauge("millstream_worker_runs", Double(workers.runningPrograms), dimensions: [("worker", "exec")])
        metrics.setGauge("millstream_blocking_threads_busy", Double(workers.blockedThreads))
        metrics.setGauge("millstream_blocking_threads_awaited", Double(workers.waitingForThread))
        metrics.setHits(.asyncThreads, workers.waitedForHandlerThread)
        metrics.setHits(.blockingThreads, workers.waitedForThread)
        metrics.setHits(.lineBytes, workers.cutLines)
    }

    /// Bounds that others count by themselves. What publishers' events were refused for their size is counted as it happens; what
    /// workers said beyond it comes on top.
    private func reportHits(_ connections: HTTPMetrics) {
        let queue = lane.measures
        for (bound, count) in connections.boundHits where bound != .bufferedBodyBytes {
            metrics.setHits(ReachedLimit(bound), count)
        }
        // Bodies that are read and commands made of them have the same bound.
        let bufferedBodies = connections.boundHits[.bufferedBodyBytes, default: 0]
        metrics.setHits(.totalBodyBytes, bufferedBodies + queue.refusedCommandBytes)
        metrics.setHits(.journalCommands, queue.refusedCommands)
        metrics.setHits(.journalEvents, queue.waitedEmissions)
        metrics.setHits(.journalBytes, queue.waitedEmissionBytes)
        metrics.setHits(.replayQueue, replay.refusedCount)
        metrics.setHits(.parkedRequests, parked.refusedCount)
        metrics.setHits(.mailbox, gauges.mailboxRefusals())
        metrics.setHits(.logBytes, gauges.droppedLogLines())
        metrics.setHits(.eventBytes, gauges.workers().oversizedEvents)
    }
}

/// Figures of parts that the core does not hold. Called on the loop's thread; must not block.
public struct ServerGauges {
    /// Messages that wait for the loop, and how often one had no room.
    public var mailboxDepth: () -> Int
    public var mailboxRefusals: () -> UInt64
    public var workers: () -> PoolMeasures
    /// Lines of the server's own log that were dropped since the start.
    public var droppedLogLines: () -> UInt64

    public init(
        mailboxDepth: @escaping () -> Int, mailboxRefusals: @escaping () -> UInt64,
        workers: @escaping () -> PoolMeasures, droppedLogLines: @escaping () -> UInt64
    ) {
        self.mailboxDepth = mailboxDepth
        self.mailboxRefusals = mailboxRefusals
        self.workers = workers
        self.droppedLogLines = droppedLogLines
    }
}
