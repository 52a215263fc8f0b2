// What the routes share: the way to the lanes and back, the read models, and the one place where replies are written.
// Loop-confined. Blocks never: every question that needs the store goes to a lane and its answer comes through the mailbox.

import Logging
import MillstreamAccess
import MillstreamHTTP
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import MillstreamRuntime
import MillstreamStreams

final class ServerCore {
    let loop: EventLoop
    let lane: JournalLane
    let replay: ReplayLanes
    let directory: JobDirectory
    let parked: ParkedRequests
    let metrics: ServerMetrics
    let log: Logger
    let readiness: Readiness
    let uploads: UploadFiles
    var settings: ServerSettings
    /// What the parts tell of themselves that the core does not hold.
    let gauges: ServerGauges
    // Made after the core, because they call it; there from `attach` on, before the first request.
    private(set) var http: HTTPServer!
    private(set) var streams: StreamDesk!
    private(set) lazy var storeWatch = StoreWatch(core: self)

    private var pendingReplies: [LaneTicket: (LedgerReply) -> Void] = [:]
    private var pendingReads: [LaneTicket: (ReadAnswer) -> Void] = [:]
    private var lastTicket: UInt64 = 0
    private var requestIDs = RequestIDs()

    init(
        loop: EventLoop, lane: JournalLane, replay: ReplayLanes, settings: ServerSettings, metrics: ServerMetrics,
        log: Logger, uploads: UploadFiles, gauges: ServerGauges
    ) {
        self.loop = loop
        self.lane = lane
        self.replay = replay
        self.settings = settings
        self.metrics = metrics
        self.log = log
        directory = JobDirectory()
        parked = ParkedRequests(loop: loop, maxWaiting: settings.maxParkedRequests)
        readiness = Readiness(loop: loop)
        self.uploads = uploads
        self.gauges = gauges
    }

    // MARK: To the lanes and back

    /// Hands a command to the journal lane; `done` is called once, after the commit.
    func submit(_ command: LedgerCommand, _ done: @escaping (LedgerReply) -> Void) throws(Problem) {
        let ticket = nextTicket()
        guard lane.submit(command, ticket: ticket) else {
            var problem = Problem(.overloaded, "too much waits for the journal; nothing was stored")
            problem.headers = [("Retry-After", "1")]
            throw problem
        }
        pendingReplies[ticket] = done
    }

    /// Everything that one commit changed: first the read models and the streams, then the answers, so that whoever is answered
    /// finds what it was told.
    func laneDidReport(_ commit: CommitReport) {
        let report = commit.report
        // In place: a copy of each notice would count references to its names and events.
        report.notices.withUnsafeBufferPointer { apply($0, of: commit) }
        if parked.count > 0 {
            for notice in report.notices {
                if let job = notice.jobID { parked.jobDidChange(job) }
            }
        }
        for answer in report.replies {
            pendingReplies.removeValue(forKey: answer.ticket)?(answer.reply)
        }
        for upload in report.removedUploads { uploads.remove(upload) }
        for (bound, times) in report.reached { metrics.didReach(ReachedLimit(bound), times: times) }
        metrics.didCommit(report)
        storeWatch.note(report.storeHealth)
        if commit.isWorthReturning { lane.giveBack(commit) }
    }

    /// What a replay lane found, or the store's fault.
    typealias ReadAnswer = Result<ReadResult, JournalError>

    /// Asks a replay lane; `done` is called once.
    func read(_ question: ReadRequest, _ done: @escaping (ReadAnswer) -> Void) throws(Problem) {
        let ticket = nextTicket()
        guard replay.read(question, ticket: ticket) else {
            var problem = Problem(.overloaded, "too much is read from the journal at once")
            problem.headers = [("Retry-After", "1")]
            throw problem
        }
        pendingReads[ticket] = done
    }

    func replayDidRead(_ report: ReadReport) {
        pendingReads.removeValue(forKey: report.ticket)?(report.result)
    }

    private func nextTicket() -> LaneTicket {
        lastTicket += 1
        return LaneTicket(lastTicket)
    }

    // MARK: Jobs

    /// The job of that id, from memory or from the store; waits for one that does not exist yet.
    func withRecord(
        of id: JobID, waitSeconds: Int = 0, _ done: @escaping (Result<JobRecord, Problem>) -> Void
    ) throws(Problem) {
        if let record = directory.job(id) {
            done(.success(record))
            return
        }
        try read(.job(id)) { [unowned self] result in
            switch result {
            case .success(.job(let record?)): done(.success(directory.merge(record)))
            case .failure(let error): done(.failure(Problem(store: error)))
            default: waitForCreation(of: id, seconds: waitSeconds, done)
            }
        }
    }

    private func waitForCreation(
        of id: JobID, seconds: Int, _ done: @escaping (Result<JobRecord, Problem>) -> Void
    ) {
        // It may have been created while the store was asked.
        if let record = directory.job(id) {
            done(.success(record))
            return
        }
        let missing = Problem(LedgerRefusal.notFound)
        guard seconds > 0 else {
            done(.failure(missing))
            return
        }
        let isParked = parked.park(on: id, forMs: seconds * 1000) { [unowned self] _ in
            done(directory.job(id).map { .success($0) } ?? .failure(missing))
            return true
        }
        if !isParked { done(.failure(Problem(.overloaded, "too many requests wait already"))) }
    }

    /// The record with those texts that are too long to be held in memory.
    func withTexts(of record: JobRecord, _ done: @escaping (Result<JobRecord, Problem>) -> Void) {
        guard !record.hasTexts else {
            done(.success(record))
            return
        }
        do throws(Problem) {
            try read(.jobByRef(record.ref)) { result in
                switch result {
                case .success(.job(let stored?)):
                    var whole = record
                    whole.input = stored.input
                    whole.result = stored.result
                    done(.success(whole))
                case .failure(let error): done(.failure(Problem(store: error)))
                case .success: done(.failure(Problem(LedgerRefusal.notFound)))
                }
            }
        } catch {
            done(.failure(error))
        }
    }

    func render(_ record: JobRecord, includeInput: Bool) -> JSONText {
        JobObject.render(
            record, queuePosition: record.state == .queued ? directory.queuePosition(of: record.id) : nil,
            includeInput: includeInput)
    }

    // MARK: Replies

    func nextRequestID() -> String {
        requestIDs.next()
    }

    func verdict(of head: RequestHead) -> OriginPolicy.Verdict {
        // Joined: two of them are nobody's.
        guard let origin = head.headers.joined("origin") else { return .none }
        return settings.origins.verdict(origin: origin, host: head.authority)
    }

    /// Answers the request, if its peer is still there.
    func reply(
        _ request: RequestContext, status: Int, block: HeaderBlock? = nil, headers: [(String, String)], body: [UInt8]
    ) {
        guard let exchange = http.exchange(request.exchange) else { return }
        log.debug(
            "request answered",
            metadata: [
                "request_id": "\(request.requestID)", "method": "\(request.method.rawValue)",
                "path": "\(exchange.head.path)", "status": "\(status)",
            ])
        metrics.didReply(status: status)
        let common = commonHeaders(requestID: request.requestID, origin: request.origin)
        exchange.reply(status: status, block: block, headers: headers, more: common, body: body)
    }

    func refuse(_ request: RequestContext, _ problem: Problem) {
        count(problem)
        let headers = [Problem.contentType, ("Cache-Control", "no-store")] + problem.headers
        reply(request, status: problem.code.status, headers: headers, body: problem.body(requestID: request.requestID))
    }

    /// Goes on with what was found, or refuses.
    func answer<Value>(
        _ request: RequestContext, _ found: Result<Value, Problem>, _ body: (Value) throws(Problem) -> Void
    ) {
        do throws(Problem) {
            try body(try found.get())
        } catch {
            refuse(request, error)
        }
    }

    /// The same for a request that wants a stream: when the server cannot serve it now, it gets one that says when to come back.
    func answerStream<Value>(
        _ request: RequestContext, _ found: Result<Value, Problem>, _ body: (Value) -> Void
    ) {
        switch found {
        case .success(let value): body(value)
        case .failure(let problem):
            switch problem.code {
            case .storeUnavailable: streams.turnAway(request, .store)
            case .overloaded: streams.turnAway(request, .overload)
            default: refuse(request, problem)
            }
        }
    }

    func commonHeaders(requestID: String, origin: OriginPolicy.Verdict) -> [(String, String)] {
        var headers = [("X-Request-Id", requestID)]
        if case .listed(let name) = origin {
            headers += [
                ("Access-Control-Allow-Origin", name), ("Vary", "Origin"),
                ("Access-Control-Expose-Headers", "ETag, Location, Preference-Applied, Retry-After, X-Request-Id"),
            ]
        }
        return headers
    }

    private func count(_ problem: Problem) {
        metrics.didRefuse(problem.code.rawValue)
        if let limit = problem.limit { metrics.didReach(limit) }
        // The same answer as that of a full disk, which is no bound of ours.
        if problem.isStoreFull, settings.storeIsMemory { metrics.didReach(.memoryStoreBytes) }
    }

    /// The reply to a request that was refused before it was whole.
    func problemReply(_ problem: Problem, head: RequestHead?, requestID: String? = nil) -> ProblemReply {
        count(problem)
        metrics.didReply(status: problem.code.status)
        let requestID = requestID ?? nextRequestID()
        let origin = head.map { verdict(of: $0) } ?? .none
        let headers =
            [Problem.contentType, ("Cache-Control", "no-store")] + problem.headers
            + commonHeaders(requestID: requestID, origin: origin)
        return ProblemReply(
            status: problem.code.status, headers: headers, body: problem.body(requestID: requestID))
    }

    func attach(http: HTTPServer, streams: StreamDesk) {
        self.http = http
        self.streams = streams
    }
}
