// The bounds of the server by the setting that holds each, for the one metric that counts how often each was reached. A value; the
// configuration's tests hold it against the table of settings.

import MillstreamHTTP
import MillstreamJobs

/// A setting that bounds something, by its key.
public enum ReachedLimit: String, Sendable, CaseIterable {
    case connections = "limits.max_connections"
    case streams = "limits.max_streams"
    case headBytes = "limits.max_head_bytes"
    case headerFields = "limits.max_header_fields"
    case targetBytes = "limits.max_target_bytes"
    case bodyBytes = "limits.max_body_bytes"
    case totalBodyBytes = "limits.max_total_body_bytes"
    case headTimeout = "limits.head_timeout"
    case bodyTimeout = "limits.body_timeout"
    case idleTimeout = "limits.idle_timeout"
    case pipelinedBytes = "limits.max_pipelined_bytes"
    case parkedRequests = "limits.max_parked_requests"
    case eventBytes = "limits.max_event_bytes"
    case lineBytes = "limits.max_line_bytes"
    case queuedJobs = "limits.max_queued_jobs"
    case channels = "limits.max_channels"
    case messagesPerJob = "limits.max_messages_per_job"
    case mailbox = "limits.mailbox_capacity"
    case journalCommands = "limits.journal_queue_commands"
    case journalEvents = "limits.journal_queue_events"
    case journalBytes = "limits.journal_queue_bytes"
    case replayQueue = "limits.replay_queue"
    case logBytes = "log.queue_bytes"
    case streamAge = "streams.max_age"
    case stallTimeout = "streams.stall_timeout"
    case recentBytes = "streams.recent_bytes"
    case recentBytesPerLog = "streams.recent_bytes_per_log"
    case asyncThreads = "workers.async_threads"
    case blockingThreads = "workers.blocking_threads"
    case uploadBytes = "uploads.max_bytes"
    case totalUploadBytes = "uploads.max_total_bytes"
    case uploads = "uploads.max_concurrent"
    case uploadTimeout = "uploads.timeout"
    case uploadStallTimeout = "uploads.stall_timeout"
    case uploadIdle = "uploads.idle"
    case memoryStoreBytes = "journal.memory_bytes"
    case eventsPerLog = "retention.events_per_log"
    case bytesPerLog = "retention.bytes_per_log"
    case eventAge = "retention.event_age"
    case endedJobAge = "retention.ended_job_age"
    case endedJobs = "retention.ended_jobs"
    case channelIdle = "retention.channel_idle"

    init(_ bound: HTTPBound) {
        self =
            switch bound {
            case .connections: .connections
            case .headBytes: .headBytes
            case .headerFields: .headerFields
            case .targetBytes: .targetBytes
            case .bodyBytes: .bodyBytes
            case .bufferedBodyBytes: .totalBodyBytes
            case .headTimeout: .headTimeout
            case .bodyTimeout: .bodyTimeout
            case .idleTimeout: .idleTimeout
            case .pipelinedBytes: .pipelinedBytes
            case .uploads: .uploads
            case .uploadBytes: .uploadBytes
            case .totalUploadBytes: .totalUploadBytes
            case .uploadTimeout: .uploadTimeout
            case .uploadStallTimeout: .uploadStallTimeout
            case .stallTimeout: .stallTimeout
            }
    }

    init(_ bound: LedgerBound) {
        self =
            switch bound {
            case .queuedJobs: .queuedJobs
            case .eventBytes: .eventBytes
            case .channels: .channels
            case .messagesPerJob: .messagesPerJob
            case .eventsPerLog: .eventsPerLog
            case .bytesPerLog: .bytesPerLog
            case .eventAge: .eventAge
            case .endedJobAge: .endedJobAge
            case .endedJobs: .endedJobs
            case .channelIdle: .channelIdle
            case .uploadIdle: .uploadIdle
            }
    }
}
