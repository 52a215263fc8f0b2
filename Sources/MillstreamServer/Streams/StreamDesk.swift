// Where requests become streams: admits, begins the chunked reply, hands the socket's name to the hub, and carries commits and store
// pages to it. Loop-confined; the rules of streams are the hub's, the bytes on sockets the table's.

import MillstreamHTTP
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import MillstreamRuntime
import MillstreamStreams

/// One log of a stream that is about to begin.
enum StreamLog {
    case job(JobRecord)
    case channel(String)
}

final class StreamDesk: StreamTableDelegate {
    private unowned let core: ServerCore
    private let table: StreamTable
    private let output: SocketOutput
    private let source: ReplaySource
    let hub: StreamHub

    init(core: ServerCore, table: StreamTable, settings: StreamSettings) {
        self.core = core
        self.table = table
        output = SocketOutput(table: table)
        source = ReplaySource(core: core)
        hub = StreamHub(
            settings: settings, output: output, source: source, nowMs: core.loop.now.nanoseconds / 1_000_000,
            seed: .random(in: .min ... .max))
        reported = hub.metrics
        source.hub = hub
        hub.didDeliver = { [metrics = core.metrics] eventCount, emittedAtNs in
            // Not the time of the tick: the flush before may have sent to thousands.
            let elapsedNs = Int64(clamping: MonotonicTime.current().nanoseconds &- emittedAtNs)
            metrics.didDeliver(events: eventCount, elapsedNs: elapsedNs)
        }
        table.delegate = self
        core.loop.atTickEnd(.flush) { [unowned self] in
            if hub.flush() { core.loop.tickAgain() }
        }
        heartbeat = core.loop.schedule(afterMs: Int(StreamHub.stripeMs), repeating: true) { [unowned self] in
            hub.advance(nowMs: core.loop.now.nanoseconds / 1_000_000)
        }
    }

    private var heartbeat: LoopTimer?
    private var reported: StreamMetrics

    // MARK: Requests

    /// Answers the request with a stream of these logs, with 204 when there is nothing left of them, or with a problem.
    func open(_ logs: [StreamLog], cursor: ReaderCursor?, _ request: RequestContext) {
        let admission = StreamRequest(logs: logs.map(log), cursor: cursor?.cursor)
        switch StreamAdmission.decide(admission) {
        case .badCursor(let error):
            core.refuse(request, cursor?.refusal(error) ?? Problem(.malformedCursor, error.reason))
        case .nothingLeft: core.reply(request, status: 204, headers: [("Cache-Control", "no-store")], body: [])
        case .stream:
            // A log that has ended can still be read; one that goes on cannot go on now.
            if core.storeWatch.isDown, !admission.logs.allSatisfy({ $0.extent?.hasEnded == true }) {
                turnAway(request, .store)
            } else {
                begin(admission, request)
            }
        }
    }

    private func log(_ log: StreamLog) -> StreamRequest.Log {
        switch log {
        case .job(let record):
            StreamRequest.Log(
                name: .job(record.id), extent: LogExtent(record),
                snapshot: core.render(record, includeInput: false).bytes)
        case .channel(let name): StreamRequest.Log(name: .channel(name), extent: nil, snapshot: nil)
        }
    }

    private let headers = HeaderBlock([
        ("Content-Type", "text/event-stream"),
        // no-transform: compression in a proxy would hold events back. X-Accel-Buffering: so would nginx's buffer.
        ("Cache-Control", "no-store, no-transform"), ("X-Accel-Buffering", "no"),
    ])

    private func begin(_ admission: StreamRequest, _ request: RequestContext) {
        guard let exchange = core.http.exchange(request.exchange) else { return }
        let isFull = table.count >= core.settings.maxStreams && !exchange.head.isOfCanary
        let common = core.commonHeaders(requestID: request.requestID, origin: request.origin)
        core.metrics.didReply(status: 200)
        // Nil: the peer is gone, or asked with HEAD and has its answer.
        guard let stream = exchange.beginStream(headers, headers: common) else { return }
        hub.open(ReaderID(stream), admission)
        guard isFull else { return }
        core.metrics.didReach(.streams)
        hub.close(ReaderID(stream), .overload)
    }

    /// A stream that cannot be served now: other than 200 would stop a browser's EventSource for good.
    func turnAway(_ request: RequestContext, _ reason: ClosingReason) {
        guard let exchange = core.http.exchange(request.exchange) else { return }
        let common = core.commonHeaders(requestID: request.requestID, origin: request.origin)
        core.metrics.didReply(status: 200)
        guard let stream = exchange.beginStream(headers, headers: common) else { return }
        hub.turnAway(ReaderID(stream), reason)
    }

    // MARK: Commits

    /// All but events, which go to the hub as ``CommitTexts``.
    func apply(_ notice: CommitNotice) {
        switch notice {
        case .job(let record):
            hub.statusChanged(.job(record.id), LogExtent(record)) { [unowned core] in
                core.render(record, includeInput: false).bytes
            }
        case .trimmed(let name, let ref, let through): hub.logTrimmed(name, ref, through: through)
        case .removed(let name, let ref): hub.logRemoved(name, ref)
        case .events, .refreshed, .progress: break
        }
    }

    /// The hub counts for itself; what it counted since the last look is added here.
    func report(to metrics: ServerMetrics) {
        let now = hub.metrics
        metrics.setGauge("millstream_streams_open", Double(now.open))
        metrics.setGauge("millstream_streams_lagging", Double(now.lagging))
        metrics.setGauge("millstream_logs_held", Double(now.logs))
        metrics.setGauge("millstream_recent_bytes", Double(now.recentBytes))
        metrics.setGauge("millstream_store_questions", Double(now.pageRequests))
        metrics.streamsOpened.increment(by: now.opened &- reported.opened)
        metrics.events.increment(by: now.events &- reported.events)
        metrics.eventBytes.increment(by: now.eventBytes &- reported.eventBytes)
        metrics.deliveries.increment(by: now.deliveries &- reported.deliveries)
        metrics.deliveredBytes.increment(by: now.deliveredBytes &- reported.deliveredBytes)
        metrics.conflated.increment(by: now.conflated &- reported.conflated)
        metrics.gaps.increment(by: now.gaps &- reported.gaps)
        metrics.setHits(.recentBytes, now.displacedLogs)
        metrics.setHits(.recentBytesPerLog, now.shrunkLogs)
        metrics.setHits(.streamAge, now.closed[.closing(.maxAge), default: 0])
        reported = now
    }

    func closeAll(_ reason: ClosingReason) {
        hub.closeAll(reason)
    }

    // MARK: StreamTableDelegate

    func streamDidDrain(_ id: StreamID) {
        hub.readerDidDrain(ReaderID(id))
    }

    func streamDidClose(_ id: StreamID, reason: StreamCloseReason) {
        core.metrics.didCloseStream(reason.rawValue)
        if reason == .stalled { core.metrics.didReach(.stallTimeout) }
        hub.readerDidClose(ReaderID(id))
    }
}

extension ReaderID {
    init(_ id: StreamID) {
        self.init(slot: id.slot, generation: id.generation)
    }
}

extension StreamID {
    init(_ id: ReaderID) {
        self.init(slot: id.slot, generation: id.generation)
    }
}

extension RequestHead {
    /// Whether the server's own readiness probe sent it.
    fileprivate var isOfCanary: Bool {
        headers.bytes(of: Canary.passName)?.elementsEqual(Canary.pass) == true
    }
}
