// The configuration, cut into what each part of the server is told.

import MillstreamAccess
import MillstreamHTTP
import MillstreamJobs
import MillstreamRuntime
import MillstreamServer
import MillstreamStreams

extension LaneLimits {
    init(_ configuration: ServerConfiguration) {
        self.init()
        maxCallerCommands = configuration.limits.journalQueueCommands
        maxCallerBytes = configuration.limits.maxTotalBodyBytes
        maxEmissions = configuration.limits.journalQueueEvents
        maxEmissionBytes = configuration.limits.journalQueueBytes
    }
}

extension PoolLimits {
    init(_ configuration: ServerConfiguration) {
        self.init()
        handlerThreads = configuration.workers.asyncThreads
        maxBlockingThreads = configuration.workers.blockingThreads
        maxEventBytes = configuration.limits.maxEventBytes
        maxLineBytes = configuration.limits.maxLineBytes
    }
}

extension LedgerLimits {
    init(_ configuration: ServerConfiguration) {
        self.init()
        maxQueuedJobs = configuration.limits.maxQueuedJobs
        maxEventBytes = configuration.limits.maxEventBytes
        maxChannels = configuration.limits.maxChannels
        maxMessagesPerJob = configuration.limits.maxMessagesPerJob
    }
}

extension RetentionPolicy {
    init(_ configuration: ServerConfiguration) {
        let retention = configuration.retention
        self.init()
        maxEventsPerLog = Int64(retention.eventsPerLog)
        maxBytesPerLog = Int64(retention.bytesPerLog)
        maxEventAgeMs = retention.eventAgeMs.map(Int64.init)
        endedJobAgeMs = retention.endedJobAgeMs.map(Int64.init)
        maxEndedJobs = retention.endedJobs.map(Int64.init)
        channelIdleMs = retention.channelIdleMs.map(Int64.init)
        uploadIdleMs = Int64(configuration.uploads.idleMs)
    }
}

extension HTTPServerSettings {
    init(_ configuration: ServerConfiguration, maxConnections: Int) {
        let limits = configuration.limits
        self.init()
        self.maxConnections = maxConnections
        backlog = Int32(clamping: limits.backlog)
        maxHeadBytes = limits.maxHeadBytes
        maxTargetBytes = limits.maxTargetBytes
        maxHeaderFields = limits.maxHeaderFields
        headTimeoutMs = limits.headTimeoutMs
        bodyTimeoutMs = limits.bodyTimeoutMs
        idleTimeoutMs = limits.idleTimeoutMs
        uploadTimeoutMs = configuration.uploads.timeoutMs
        uploadStallTimeoutMs = configuration.uploads.stallTimeoutMs
        stallTimeoutMs = configuration.streams.stallTimeoutMs
        maxPipelinedBytes = limits.maxPipelinedBytes
        maxBufferedBodyBytes = limits.maxTotalBodyBytes
        maxUploads = configuration.uploads.maxConcurrent
        sendBufferBytes = limits.sendBufferBytes.map(Int32.init(clamping:))
    }
}

extension ServerSettings {
    init(_ configuration: ServerConfiguration, access: AccessPolicy, uploads: String) {
        self.init(
            version: JobServer.version, access: access,
            origins: OriginPolicy(
                origins: configuration.corsOrigins, loopbackOnly: access.mode == .loopbackOnly),
            maxBodyBytes: configuration.limits.maxBodyBytes, maxEventBytes: configuration.limits.maxEventBytes,
            maxUploadBytes: configuration.uploads.maxBytes,
            maxTotalUploadBytes: Int64(configuration.uploads.maxTotalBytes), uploadDirectory: uploads,
            maxParkedRequests: configuration.limits.maxParkedRequests, maxStreams: configuration.limits.maxStreams,
            retryMs: configuration.streams.retryMs, retrySpreadMs: configuration.streams.retrySpreadMs,
            gracefulTimeoutMs: configuration.gracefulTimeoutMs, demo: configuration.demo,
            storeIsMemory: configuration.journal.store == .memory)
    }
}

extension StreamSettings {
    init(_ configuration: ServerConfiguration) {
        let streams = configuration.streams
        self.init()
        heartbeatIntervalMs = streams.heartbeatMs
        maxAgeMs = streams.maxAgeMs ?? 0
        maxAgeSpreadMs = streams.maxAgeSpreadMs
        retryMs = streams.retryMs
        retrySpreadMs = streams.retrySpreadMs
        maxRecentBytes = streams.recentBytes
        maxRecentBytesPerLog = streams.recentBytesPerLog
    }
}
