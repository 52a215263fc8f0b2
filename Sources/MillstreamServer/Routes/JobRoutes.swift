// Creating, showing, listing and cancelling jobs. Loop-confined; decides nothing about jobs, only about requests.

import MillstreamHTTP
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamRuntime

final class JobRoutes {
    /// A wish in `Prefer: wait=N` is cut to this; SSE is the way to wait for longer.
    static let maxWaitSeconds = 60

    /// Of each job object.
    private static let objectHeaders = HeaderBlock([JSONBody.contentType, ("Cache-Control", "no-store")])

    private unowned let core: ServerCore

    init(core: ServerCore) {
        self.core = core
    }

    // MARK: POST /v1/jobs

    func create(_ request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        let key = exchange.head.headers["idempotency-key"]
        if key != nil, exchange.head.headers.all("idempotency-key").count > 1 {
            throw .field(.malformedRequest, "Idempotency-Key", "must not be given more than once")
        }
        if let key, !(1...255).contains(key.utf8.count) {
            throw .field(.malformedRequest, "Idempotency-Key", "must be 1 to 255 bytes")
        }
        let job = try CreateJobRequest.parse(exchange.body, idempotencyKey: key)
        let wait = Preference.waitSeconds(exchange.head.headers.joined("prefer"), maxSeconds: Self.maxWaitSeconds)
        try core.submit(.create(job)) { [unowned self] reply in
            switch reply {
            case .job(let record, let isNew): created(record, isNew: isNew, waitSeconds: wait, request)
            case .refused(let refusal): core.refuse(request, Problem(refusal))
            case .published, .upload: core.refuse(request, Problem(.internalError, "unexpected answer"))
            }
        }
    }

    private func created(_ record: JobRecord, isNew: Bool, waitSeconds: Int?, _ request: RequestContext) {
        let status = isNew ? 202 : 200
        guard let waitSeconds, waitSeconds > 0, !record.state.isTerminal else {
            let applied = waitSeconds != nil && record.state.isTerminal
            show(record, status: applied ? 200 : status, appliedWait: applied ? waitSeconds : nil, request)
            return
        }
        let parked = core.parked.park(on: record.id, forMs: waitSeconds * 1000) { [unowned self] timedOut in
            let now = core.directory.job(ref: record.ref) ?? record
            guard now.state.isTerminal || timedOut else { return false }
            let ended = now.state.isTerminal
            show(now, status: ended ? 200 : status, appliedWait: ended ? waitSeconds : nil, request)
            return true
        }
        if !parked { show(record, status: status, appliedWait: nil, request) }
    }

    // MARK: GET /v1/jobs/{id}

    func snapshot(_ id: JobID, _ request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        let wait = Preference.waitSeconds(exchange.head.headers.joined("prefer"), maxSeconds: Self.maxWaitSeconds)
        let known = exchange.head.headers.joined("if-none-match")
        try core.withRecord(of: id) { [unowned self] found in
            switch found {
            case .failure(let problem): core.refuse(request, problem)
            case .success(let record): snapshot(record, known: known, waitSeconds: wait, request)
            }
        }
    }

    private func snapshot(_ record: JobRecord, known: String?, waitSeconds: Int?, _ request: RequestContext) {
        let tag = JobDirectory.entityTag(record)
        let isNews = known.map { !EntityTag.matches($0, tag) } ?? (waitSeconds == nil)
        guard !isNews, !record.state.isTerminal, let waitSeconds, waitSeconds > 0 else {
            if let known, EntityTag.matches(known, tag) {
                core.reply(request, status: 304, headers: [("ETag", tag)], body: [])
            } else {
                show(record, status: 200, appliedWait: nil, request)
            }
            return
        }
        let parked = core.parked.park(on: record.id, forMs: waitSeconds * 1000) { [unowned self] timedOut in
            let now = core.directory.job(ref: record.ref) ?? record
            let changed = JobDirectory.entityTag(now) != tag
            guard changed || timedOut else { return false }
            if !changed, known != nil {
                let headers = [("ETag", tag), ("Preference-Applied", "wait=\(waitSeconds)")]
                core.reply(request, status: 304, headers: headers, body: [])
            } else {
                show(now, status: 200, appliedWait: waitSeconds, request)
            }
            return true
        }
        if !parked { show(record, status: 200, appliedWait: nil, request) }
    }

    // MARK: GET /v1/jobs

    func list(_ request: RequestContext) throws(Problem) {
        let query = request.query
        var filter = JobFilter(kind: try query.value("kind"), owner: try query.value("owner"))
        if let word = try query.value("state") {
            guard let state = JobState(word: word) else {
                throw .field(
                    .invalidValue, "state", "must be one of " + JobState.allCases.map(\.word).joined(separator: ", "))
            }
            filter.state = state
        }
        let limit = try query.integer("limit", in: 1...500) ?? 50
        var before: LogRef?
        if let text = try query.value("cursor") {
            guard let cursor = ListCursor(text) else {
                throw .field(.malformedCursor, "cursor", "is none that a list of this server gave")
            }
            before = cursor.before
        }
        try core.read(.jobs(filter, before: before, limit: limit)) { [unowned self] result in
            switch result {
            case .success(.jobs(let records, let next)): list(records, next: next, request)
            case .failure(let error): core.refuse(request, Problem(store: error))
            case .success: core.refuse(request, Problem(.internalError, "unexpected answer"))
            }
        }
    }

    private func list(_ records: [JobRecord], next: LogRef?, _ request: RequestContext) {
        var writer = JSONWriter(reserving: 1024)
        writer.beginObject()
        writer.name("jobs")
        writer.beginArray()
        for record in records {
            let current = core.directory.merge(record)
            // A long result that came since the list was read is not at hand; the job is shown whole, as it was then.
            writer.raw(core.render(current.hasTexts ? current : record, includeInput: true))
        }
        writer.endArray()
        writer.member("next_cursor", next.map { ListCursor(before: $0).description })
        writer.endObject()
        core.reply(request, status: 200, headers: [JSONBody.contentType], body: writer.finish().bytes)
    }

    // MARK: POST /v1/jobs/{id}/cancel and /input

    func cancel(_ id: JobID, _ request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        try JSONBody.checkEmpty(exchange.body)
        try core.submit(.cancel(id)) { [unowned self] reply in
            switch reply {
            case .job(let record, let isNew): show(record, status: isNew ? 202 : 200, appliedWait: nil, request)
            case .refused(.store(let error)): cancelWithoutStore(id, Problem(store: error), request)
            case .refused(let refusal): core.refuse(request, Problem(refusal))
            case .published, .upload: core.refuse(request, Problem(.internalError, "unexpected answer"))
            }
        }
    }

    /// The store took nothing; a job that has ended, or is being cancelled, needs nothing of it.
    private func cancelWithoutStore(_ id: JobID, _ fault: Problem, _ request: RequestContext) {
        do throws(Problem) {
            try core.withRecord(of: id) { [unowned self] found in
                guard case .success(let record) = found, record.state.isTerminal || record.cancelRequested else {
                    core.refuse(request, fault)
                    return
                }
                show(record, status: 200, appliedWait: nil, request)
            }
        } catch {
            core.refuse(request, error)
        }
    }

    func input(_ id: JobID, _ request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        let message = try InputRequest.parse(exchange.body)
        try core.submit(.input(id, body: message.body, uploads: message.uploads)) { [unowned self] reply in
            switch reply {
            case .job(let record, _): show(record, status: 202, appliedWait: nil, request)
            case .refused(let refusal): core.refuse(request, Problem(refusal))
            case .published, .upload: core.refuse(request, Problem(.internalError, "unexpected answer"))
            }
        }
    }

    // MARK: The job object

    /// Answers with the whole job object; texts that are too long to be held are read from the store first.
    private func show(_ record: JobRecord, status: Int, appliedWait: Int?, _ request: RequestContext) {
        core.withTexts(of: record) { [unowned self] found in
            switch found {
            case .failure(let problem): core.refuse(request, problem)
            case .success(let whole):
                var headers: [(String, String)] = []
                headers.reserveCapacity(3)
                headers.append(("ETag", JobDirectory.entityTag(whole)))
                if status == 202 || request.route == .jobs { headers.append(("Location", RoutePath.job(whole.id))) }
                if let appliedWait { headers.append(("Preference-Applied", "wait=\(appliedWait)")) }
                core.reply(
                    request, status: status, block: Self.objectHeaders, headers: headers,
                    body: core.render(whole, includeInput: true).bytes)
            }
        }
    }
}

extension JSONBody {
    static let contentType = ("Content-Type", "application/json")
}
