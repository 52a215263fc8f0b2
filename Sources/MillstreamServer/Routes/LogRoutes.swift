// The views of logs: the stream, the JSON page, and publishing. Loop-confined.

import MillstreamHTTP
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamRuntime
import MillstreamStreams

final class LogRoutes {
    static let maxWaitForCreateSeconds = 30
    static let maxLogs = 64

    private unowned let core: ServerCore

    init(core: ServerCore) {
        self.core = core
    }

    // MARK: GET /v1/jobs/{id}/events

    func jobEvents(_ id: JobID, _ request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        let wait = try request.query.integer("wait_for_create", in: 0...Self.maxWaitForCreateSeconds) ?? 0
        switch AcceptHeader.form(exchange.head.headers["accept"]) {
        case nil: throw Problem(.notAcceptable, "this route answers text/event-stream or application/json")
        case .json:
            let after = request.query.first("after")
            let limit = try request.query.integer("limit", in: 1...1000) ?? 100
            try core.withRecord(of: id, waitSeconds: wait) { [unowned self] found in
                switch found {
                case .failure(let problem): core.refuse(request, problem)
                case .success(let record): page(of: record, after: after, limit: limit, request)
                }
            }
        case .stream:
            let cursor = try cursor(of: request, exchange)
            try core.withRecord(of: id, waitSeconds: wait) { [unowned self] found in
                switch found {
                case .failure(let problem): core.refuseStream(request, problem)
                case .success(let record): core.openStream(of: [.job(record)], cursor: cursor, single: true, request)
                }
            }
        }
    }

    /// In the order of the contract: header, `last_event_id`, `starting_after`.
    private func cursor(of request: RequestContext, _ exchange: HTTPExchange) throws(Problem) -> StreamCursor? {
        do throws(CursorError) {
            return try StreamCursor.parse(
                lastEventIDHeader: exchange.head.headers["last-event-id"],
                lastEventIDQuery: request.query.first("last_event_id"),
                startingAfter: request.query.first("starting_after")
            )
        } catch {
            throw Problem(.malformedCursor, error.reason)
        }
    }
}
