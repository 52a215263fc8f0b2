// The server's own figures, through swift-metrics: whatever backend the program has bootstrapped gets them, by default the one that
// `/metrics` renders. Counters are kept as instruments; gauges are read from the parts just before they are shown. Loop-confined.

import CoreMetrics
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import MillstreamRuntime

public final class ServerMetrics {
    private let factory: any MetricsFactory
    let exposition: () -> [UInt8]

    let streamsOpened: Counter
    let events: Counter
    let eventBytes: Counter
    let deliveries: Counter
    let deliveredBytes: Counter
    let conflated: Counter
    let gaps: Counter
    private let emissionToSocket: any TimerHandler
    private let recordAlike: (_ timer: any TimerHandler, _ nanoseconds: Int64, _ times: Int) -> Void
    // Each commit and each tick writes these. Handlers and not the instruments around them, whose generic calls are not specialized.
    private let commit: any TimerHandler
    private let room: any TimerHandler
    private let batchCommands: any RecorderHandler
    let tick: any TimerHandler
    private var refusals: [String: Counter] = [:]
    private var replies: [Int: Counter] = [:]
    private var closings: [String: Counter] = [:]
    private let limitHits: [ReachedLimit: Counter]
    private var gauges: [String: Gauge] = [:]
    private var totals: [String: Total] = [:]
    // Each commit sets these.
    private let queueCallers: Gauge
    private let queueEmissions: Gauge
    private let waitingWorkers: Gauge
    private let journalHealthy: Gauge
    private let failedCommits: Counter
    private var shownFailedCommits: UInt64 = 0
    /// What the gauges of commits show: few commits change one of them.
    private var shown: (callers: Int, emissions: Int, workers: Int, isHealthy: Bool)?

    /// - Parameters:
    ///   - exposition: renders all instruments of the factory as Prometheus text.
    ///   - recordAlike: records the same duration so many times, in a timer of the factory's. For each event that leaves: a backend may
    ///     have a cheaper way than one after the other.
    public init(
        factory: any MetricsFactory, exposition: @escaping () -> [UInt8],
        recordAlike: @escaping (_ timer: any TimerHandler, _ nanoseconds: Int64, _ times: Int) -> Void
    ) {
        self.factory = factory
        self.exposition = exposition
        self.recordAlike = recordAlike
        func counter(_ name: String) -> Counter { Counter(label: name, dimensions: [], factory: factory) }
        streamsOpened = counter("millstream_streams_opened_total")
        func gauge(_ name: String) -> Gauge { Gauge(label: name, dimensions: [], factory: factory) }
        queueCallers = gauge("millstream_journal_queue_callers")
        queueEmissions = gauge("millstream_journal_queue_emissions")
        waitingWorkers = gauge("millstream_journal_waiting_workers")
        journalHealthy = gauge("millstream_journal_healthy")
        failedCommits = counter("millstream_journal_failed_commits_total")
        events = counter("millstream_events_total")
        eventBytes = counter("millstream_event_bytes_total")
        deliveries = counter("millstream_deliveries_total")
        deliveredBytes = counter("millstream_delivered_bytes_total")
        conflated = counter("millstream_conflated_events_total")
        gaps = counter("millstream_gaps_total")
        emissionToSocket = factory.makeTimer(label: "millstream_emission_to_socket_seconds", dimensions: [])
        commit = factory.makeTimer(label: "millstream_journal_commit_seconds", dimensions: [])
        room = factory.makeTimer(label: "millstream_journal_room_seconds", dimensions: [])
        tick = factory.makeTimer(label: "millstream_tick_seconds", dimensions: [])
        // All of them from the start: a series that is not there cannot be watched.
        limitHits = Dictionary(
            uniqueKeysWithValues: ReachedLimit.allCases.map { limit in
                let dimensions = [("limit", limit.rawValue)]
                return (limit, Counter(label: Self.limitHitsName, dimensions: dimensions, factory: factory))
            })
        batchCommands = factory.makeRecorder(
            label: "millstream_journal_batch_commands", dimensions: [], aggregate: true)
    }

    static let limitHitsName = "millstream_limit_hits_total"

    /// A bound was reached: something was refused, cut, made to wait or removed because of it.
    func didReach(_ limit: ReachedLimit, times: Int = 1) {
        limitHits[limit]?.increment(by: times)
    }

    /// The same for bounds whose hits somebody else counts.
    func setHits(_ limit: ReachedLimit, _ total: UInt64) {
        setTotal(Self.limitHitsName, total, dimensions: [("limit", limit.rawValue)])
    }

    func didRefuse(_ reason: String) {
        if refusals[reason] == nil {
            refusals[reason] = Counter(
                label: "millstream_refusals_total", dimensions: [("reason", reason)], factory: factory)
        }
        refusals[reason]?.increment()
    }

    func didReply(status: Int) {
        if let counter = replies[status] { return counter.increment() }
        let counter = Counter(
            label: "millstream_http_replies_total", dimensions: [("status", "\(status)")], factory: factory)
        replies[status] = counter
        counter.increment()
    }

    func didCloseStream(_ reason: String) {
        if let counter = closings[reason] { return counter.increment() }
        let counter = Counter(
            label: "millstream_streams_closed_total", dimensions: [("reason", reason)], factory: factory)
        closings[reason] = counter
        counter.increment()
    }

    func setGauge(_ name: String, _ value: Double, dimensions: [(String, String)] = []) {
        let key = dimensions.reduce(name) { $0 + "\u{0}" + $1.1 }
        if gauges[key] == nil { gauges[key] = Gauge(label: name, dimensions: dimensions, factory: factory) }
        gauges[key]?.record(value)
    }

    /// So many events left for a reader's output so long after the first of them was emitted.
    func didDeliver(events: Int, elapsedNs: Int64) {
        recordAlike(emissionToSocket, elapsedNs, events)
    }

    /// What one commit was like. Failed commits are counted by the lane.
    func didCommit(_ report: LaneReport) {
        let measures = report.measures
        if measures.mutations > 0 {
            commit.recordNanoseconds(Int64(clamping: measures.commitNs))
            batchCommands.record(Int64(measures.commands))
        }
        if measures.roomNs > 0 { room.recordNanoseconds(Int64(clamping: measures.roomNs)) }
        let isHealthy = report.storeHealth == .ok
        let now = (measures.callerDepth, measures.emissionDepth, measures.waitingEmitters, isHealthy)
        if measures.failedCommits != shownFailedCommits {
            failedCommits.increment(by: measures.failedCommits &- shownFailedCommits)
            shownFailedCommits = measures.failedCommits
        }
        if let shown, shown == now { return }
        shown = now
        queueCallers.record(now.0)
        queueEmissions.record(now.1)
        waitingWorkers.record(now.2)
        journalHealthy.record(isHealthy ? 1 : 0)
    }

    /// A count that somebody else keeps and that never falls.
    func setTotal(_ name: String, _ value: UInt64, dimensions: [(String, String)] = []) {
        let key = dimensions.reduce(name) { $0 + "\u{0}" + $1.1 }
        let total = totals[key] ?? Total(counter: Counter(label: name, dimensions: dimensions, factory: factory))
        total.counter.increment(by: value &- total.shown)
        total.shown = value
        totals[key] = total
    }

    private final class Total {
        let counter: Counter
        var shown: UInt64 = 0

        init(counter: Counter) {
            self.counter = counter
        }
    }

    func setJobs(_ census: JobCensus) {
        for kind in census.kinds {
            for state in JobState.allCases {
                let count = census.count(kind, state)
                let dimensions = [("kind", kind), ("state", state.word)]
                if state.isTerminal {
                    setTotal("millstream_jobs_ended_total", UInt64(max(0, count)), dimensions: dimensions)
                } else {
                    setGauge("millstream_jobs", Double(count), dimensions: dimensions)
                }
            }
        }
    }

}
