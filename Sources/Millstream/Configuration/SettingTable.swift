// All settings. The one place where a key, its bounds and its meaning are said; Config/millstream.yaml says them again
// for people, and a test holds the two together.

/// The settings, in the order of the reference file.
public enum SettingTable {
    public static let all: [Setting] = server + log + limits + streams + workers + uploads + journal + retention

    /// The setting of a dotted key.
    public static func setting(_ key: String) -> Setting? { byKey[key] }

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// Keys of the file that hold settings of their own below them, and `kinds`.
    static let sections = Set(all.compactMap { $0.key.split(separator: ".").dropLast().first.map(String.init) })

    private static let second = 1000
    private static let minute = 60_000
    private static let hour = 3_600_000
    private static let day = 86_400_000
    private static let kib = 1 << 10
    private static let mib = 1 << 20
    private static let gib = 1 << 30

    private static let server = [
        Setting(
            "host", .text(\.host),
            "Address to listen on (IPv4, IPv6, a name, or unix:PATH); loopback only while there are no tokens."),
        Setting("port", .count(\.port, 0...65_535), "TCP port; 0 takes a free one."),
        Setting(
            "data", .path(\.dataDirectory),
            "Directory of the journal and the uploads; made when missing, locked while in use."),
        Setting("demo", .flag(\.demo), "Whether the kinds demo.* and their form on the page are on."),
        Setting(
            "demo_recording", .optionalPath(\.demoRecording),
            "Recording for demo.transcribe when a job brings none; off: the one that the set-up installed."),
        Setting(
            "graceful_timeout", .duration(\.gracefulTimeoutMs, 0...hour), reload: true,
            "From SIGTERM until jobs that still run are given back to the queue; their programs then have 1 s at most to end."
        ),
        Setting(
            "cors_origins", .list(\.corsOrigins), reload: true,
            "Origins of other web pages that may use the server (http://localhost:3000); * for all; empty: its own page only."
        ),
    ]

    private static let log = [
        Setting("log.format", .choice(\.log.format), reload: true, "Lines for people (text) or for programs (json)."),
        Setting("log.level", .choice(\.log.level), reload: true, "The least important level that is written."),
        Setting(
            "log.file", .optionalPath(\.log.file), reload: true,
            "File to append to, opened again on SIGHUP; off: standard error."),
        Setting(
            "log.queue_bytes", .bytes(\.log.queueBytes, 64 * kib...64 * mib),
            "Lines that wait for a slow disk; more are dropped and counted."),
    ]

    private static let limits = [
        Setting(
            "limits.max_connections", .count(\.limits.maxConnections, 8...1_000_000),
            "Connections and streams at a time; the descriptor limit bounds them too."),
        Setting(
            "limits.max_streams", .count(\.limits.maxStreams, 1...1_000_000), reload: true,
            "Open streams at a time; one more is told to come back later."),
        Setting(
            "limits.backlog", .count(\.limits.backlog, 1...65_535),
            "Connections that the kernel holds before they are accepted; net.core.somaxconn bounds it too."),
        Setting(
            "limits.max_head_bytes", .bytes(\.limits.maxHeadBytes, kib...mib),
            "Request line and header fields of one request (431)."),
        Setting(
            "limits.max_header_fields", .count(\.limits.maxHeaderFields, 8...1000),
            "Header fields of one request (431)."),
        Setting(
            "limits.max_target_bytes", .bytes(\.limits.maxTargetBytes, 256...256 * kib),
            "Path and query of one request (414)."),
        Setting(
            "limits.max_body_bytes", .bytes(\.limits.maxBodyBytes, kib...64 * mib), reload: true,
            "Body of one request, uploads aside (413)."),
        Setting(
            "limits.max_total_body_bytes", .bytes(\.limits.maxTotalBodyBytes, kib...16 * gib),
            "Bodies of all requests in memory at a time (503)."),
        Setting(
            "limits.head_timeout", .duration(\.limits.headTimeoutMs, 100...10 * minute),
            "From the first byte of a request to the end of its head (408)."),
        Setting(
            "limits.body_timeout", .duration(\.limits.bodyTimeoutMs, 100...hour),
            "From the end of the head to the end of the body (408)."),
        Setting(
            "limits.idle_timeout", .duration(\.limits.idleTimeoutMs, 100...hour),
            "How long a connection may stay without a request."),
        Setting(
            "limits.max_pipelined_bytes", .bytes(\.limits.maxPipelinedBytes, kib...16 * mib),
            "Requests of one connection that wait behind the one that is answered."),
        Setting(
            "limits.max_parked_requests", .count(\.limits.maxParkedRequests, 1...1_000_000),
            "Requests that wait for a change (Prefer: wait) at a time; one more is answered at once."),
        Setting(
            "limits.max_event_bytes", .bytes(\.limits.maxEventBytes, 256...16 * mib),
            "Data of one event (422; of a program's the line is cut and logged, a handler's is an error)."),
        Setting(
            "limits.max_line_bytes", .bytes(\.limits.maxLineBytes, 256...16 * mib),
            "One line of a worker program's output; a longer one is cut and says so."),
        Setting(
            "limits.max_queued_jobs", .count(\.limits.maxQueuedJobs, 1...10_000_000),
            "Jobs that wait to run; one more is refused (503)."),
        Setting(
            "limits.max_channels", .count(\.limits.maxChannels, 1...1_000_000),
            "Channels that exist at a time; one more is refused (503)."),
        Setting(
            "limits.max_messages_per_job", .count(\.limits.maxMessagesPerJob, 1...100_000),
            "Messages to one job in its life; one more is refused (409)."),
        Setting(
            "limits.mailbox_capacity", .count(\.limits.mailboxCapacity, 1024...1_048_576),
            "Messages of other threads that wait for the event loop."),
        Setting(
            "limits.journal_queue_commands", .count(\.limits.journalQueueCommands, 16...1_048_576),
            "Commands of requests that wait for the journal; one more is refused (503)."),
        Setting(
            "limits.journal_queue_events", .count(\.limits.journalQueueEvents, 16...1_048_576),
            "Events of workers that wait for the journal; a worker with one more waits."),
        Setting("limits.journal_queue_bytes", .bytes(\.limits.journalQueueBytes, mib...gib), "Bytes of those events."),
        Setting(
            "limits.replay_queue", .count(\.limits.replayQueue, 16...1_048_576),
            "Reads of the journal (replay, lists) that wait; one more is refused (503)."),
        Setting(
            "limits.send_buffer", .optionalBytes(\.limits.sendBufferBytes, 4 * kib...16 * mib),
            "Send buffer of each connection in the kernel; off: as the kernel sees fit, with at most 1 MiB that was not sent."
        ),
        Setting(
            "limits.max_metric_series", .count(\.limits.maxMetricSeries, 100...1_000_000),
            "Metric series that are kept; further ones are only counted."),
    ]

    private static let streams = [
        Setting(
            "streams.heartbeat", .duration(\.streams.heartbeatMs, second...25 * second),
            "Comment on a stream on which nothing happens."),
        Setting(
            "streams.retry", .duration(\.streams.retryMs, 100...hour),
            "What readers are told to wait before they come back."),
        Setting(
            "streams.retry_spread", .duration(\.streams.retrySpreadMs, 0...hour),
            "Over how long readers are spread, on top of retry, when all are sent away at once."),
        Setting(
            "streams.max_age", .optionalDuration(\.streams.maxAgeMs, second...30 * day),
            "Age at which a stream is ended and its reader comes back."),
        Setting(
            "streams.max_age_spread", .duration(\.streams.maxAgeSpreadMs, 0...day),
            "How much earlier than max_age that may happen, at random."),
        Setting(
            "streams.stall_timeout", .duration(\.streams.stallTimeoutMs, second...hour),
            "How long a reader may take nothing before it is cut off."),
        Setting(
            "streams.recent_bytes", .bytes(\.streams.recentBytes, mib...16 * gib),
            "Encoded events of all logs that are held for readers to come."),
        Setting(
            "streams.recent_bytes_per_log", .bytes(\.streams.recentBytesPerLog, 4 * kib...gib), "The same of one log."),
    ]

    private static let workers = [
        Setting(
            "workers.async_threads", .count(\.workers.asyncThreads, 1...256),
            "Threads for handlers that wait without holding one."),
        Setting(
            "workers.blocking_threads", .count(\.workers.blockingThreads, 1...200),
            "Threads for handlers that block; each such job holds one."),
    ]

    private static let uploads = [
        Setting(
            "uploads.max_bytes", .bytes(\.uploads.maxBytes, kib...1024 * gib), reload: true, "One uploaded file (413)."),
        Setting(
            "uploads.max_total_bytes", .bytes(\.uploads.maxTotalBytes, kib...16_384 * gib), reload: true,
            "All uploaded files, those that are coming in included (507)."),
        Setting(
            "uploads.max_concurrent", .count(\.uploads.maxConcurrent, 1...10_000), "Files that come in at a time (503)."
        ),
        Setting(
            "uploads.timeout", .duration(\.uploads.timeoutMs, second...day),
            "From the first byte of a file to its last (408)."),
        Setting(
            "uploads.stall_timeout", .duration(\.uploads.stallTimeoutMs, second...hour),
            "How long an upload may bring nothing (408)."),
        Setting(
            "uploads.idle", .duration(\.uploads.idleMs, minute...30 * day),
            "How long a file is kept that no job uses."),
    ]

    private static let journal = [
        Setting(
            "journal.store", .choice(\.journal.store),
            "sqlite: a file in the data directory; memory: nothing survives the server."),
        Setting(
            "journal.synchronous", .choice(\.journal.synchronous),
            "What an acknowledged job survives. full: power loss; normal: the server's death; off: nothing is promised."
        ),
        Setting(
            "journal.readers", .count(\.journal.readers, 1...32), "Threads that read the journal for replay and lists."),
        Setting(
            "journal.cache_bytes", .bytes(\.journal.cacheBytes, mib...gib),
            "Pages of the file that the writer and each reader keep in memory; the operating system keeps the rest."),
        Setting(
            "journal.memory_bytes", .bytes(\.journal.memoryBytes, mib...64 * gib),
            "What the memory store holds, its own structures included; what goes beyond is refused as by a full disk (503)."
        ),
    ]

    private static let retention = [
        Setting(
            "retention.events_per_log", .count(\.retention.eventsPerLog, 1...1_000_000_000),
            "Events of one job or channel that are kept, the newest."),
        Setting(
            "retention.bytes_per_log", .bytes(\.retention.bytesPerLog, kib...1024 * gib), "Bytes of them."
        ),
        Setting(
            "retention.event_age", .optionalDuration(\.retention.eventAgeMs, second...3650 * day),
            "Age at which events go; a job's terminal event stays with it."),
        Setting(
            "retention.ended_job_age", .optionalDuration(\.retention.endedJobAgeMs, second...3650 * day),
            "From a job's end to its removal with its log."),
        Setting(
            "retention.ended_jobs", .optionalCount(\.retention.endedJobs, 1...1_000_000_000),
            "Ended jobs that are kept, the newest."),
        Setting(
            "retention.channel_idle", .optionalDuration(\.retention.channelIdleMs, second...3650 * day),
            "From a channel's last event to its removal."),
    ]
}
