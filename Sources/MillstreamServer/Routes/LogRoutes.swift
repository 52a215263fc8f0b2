// The views of logs: the stream, the JSON page, and publishing. Loop-confined.

import MillstreamHTTP
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamRuntime

final class LogRoutes {
    static let maxWaitForCreateSeconds = 30
    static let maxLogs = 64
    /// Data of one JSON page; at least one event is always on it.
    static let maxPageBytes = 1 << 20

    private unowned let core: ServerCore

    init(core: ServerCore) {
        self.core = core
    }

    // MARK: GET /v1/jobs/{id}/events

    func jobEvents(_ id: JobID, _ request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        let wait = try request.query.integer("wait_for_create", in: 0...Self.maxWaitForCreateSeconds) ?? 0
        switch AcceptHeader.form(exchange.head.headers.joined("accept")) {
        case nil: throw Problem(.notAcceptable, "this route answers text/event-stream or application/json")
        case .json:
            let limit = try request.query.integer("limit", in: 1...1000) ?? 100
            let after = try EventPage.Cursor.parse(request.query.value("after"))
            try core.withRecord(of: id, waitSeconds: wait) { [unowned self] found in
                core.answer(request, found) { (record) throws(Problem) in
                    try page(EventPage(of: record, cursor: after), limit: limit, request)
                }
            }
        case .stream:
            let cursor = try ReaderCursor.find(in: exchange.head.headers, request.query)
            try core.withRecord(of: id, waitSeconds: wait) { [unowned self] found in
                core.answerStream(request, found) { core.streams.open([.job($0)], cursor: cursor, request) }
            }
        }
    }

    private func page(_ page: EventPage, limit: Int, _ request: RequestContext) throws(Problem) {
        let question = ReadRequest.eventsPage(
            .job(page.record.id), after: page.after, maxEvents: limit, maxBytes: Self.maxPageBytes)
        try core.read(question) { [unowned self] result in
            switch result {
            case .success(.eventsPage(.job(let head)?, let events)) where head.ref == page.record.ref:
                // The store may be read before the loop was told of the commit: a cursor must not run ahead of what the loop knows.
                let known = core.directory.job(ref: head.ref)?.lastSequence ?? .max
                let events = events.filter { $0.sequence <= known }
                core.reply(
                    request, status: 200, headers: [JSONBody.contentType, ("Cache-Control", "no-store")],
                    body: page.body(events, head: head))
            case .failure(let error): core.refuse(request, Problem(store: error))
            case .success: core.refuse(request, Problem(LedgerRefusal.notFound))
            }
        }
    }

    // MARK: GET /v1/events

    func events(_ request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        guard AcceptHeader.form(exchange.head.headers.joined("accept")) == .stream else {
            throw Problem(.notAcceptable, "this route answers text/event-stream")
        }
        let wait = try request.query.integer("wait_for_create", in: 0...Self.maxWaitForCreateSeconds) ?? 0
        let names = try Self.logs(of: request.query)
        let cursor = try ReaderCursor.find(in: exchange.head.headers, request.query)
        if names.count == 1, case .channel(let name) = names[0] {
            core.streams.open([.channel(name)], cursor: cursor, request)
            return
        }
        try resolve(names[...], [], waitSeconds: wait) { [unowned self] found in
            core.answerStream(request, found) { core.streams.open($0, cursor: cursor, request) }
        }
    }

    /// The logs that the query asks for, in its order.
    private static func logs(of query: Query) throws(Problem) -> [LogName] {
        var names: [LogName] = []
        for (name, value) in query.pairs {
            switch name {
            case "job":
                guard let id = JobID(value) else {
                    throw .field(.invalidValue, "job", "\"\(value)\" is not the id of a job")
                }
                names.append(.job(id))
            case "channel":
                guard ChannelName.isValid(value) else {
                    let rule = "must be 1 to 128 characters out of A-Z a-z 0-9 . _ -, and neither . nor .."
                    throw .field(.invalidValue, "channel", rule)
                }
                names.append(.channel(value))
            default: continue
            }
        }
        guard !names.isEmpty else { throw .field(.invalidValue, "job", "give at least one job or channel") }
        guard names.count <= maxLogs else {
            throw .field(.invalidValue, member(of: names[maxLogs]), "at most \(maxLogs) logs on one stream")
        }
        var known: Set<LogName> = []
        guard let double = names.count == 1 ? nil : names.first(where: { !known.insert($0).inserted }) else {
            return names
        }
        throw .field(.invalidValue, member(of: double), "a log is named twice")
    }

    private static func member(of log: LogName) -> String {
        if case .channel = log { "channel" } else { "job" }
    }

    /// Looks the jobs up, one after the other; channels need not exist.
    private func resolve(
        _ names: ArraySlice<LogName>, _ known: [StreamLog], waitSeconds: Int,
        _ done: @escaping (Result<[StreamLog], Problem>) -> Void
    ) throws(Problem) {
        guard let first = names.first else {
            done(.success(known))
            return
        }
        switch first {
        case .channel(let name):
            try resolve(names.dropFirst(), known + [.channel(name)], waitSeconds: waitSeconds, done)
        case .job(let id):
            try core.withRecord(of: id, waitSeconds: waitSeconds) { [unowned self] found in
                do throws(Problem) {
                    let record = try found.get()
                    try resolve(names.dropFirst(), known + [.job(record)], waitSeconds: waitSeconds, done)
                } catch {
                    done(.failure(error))
                }
            }
        }
    }

    // MARK: POST …/events

    func publish(to log: LogName, _ request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        let type = exchange.head.headers["content-type"]?.lowercased() ?? ""
        let isChannel = if case .channel = log { true } else { false }
        let events = try PublishRequest.parse(
            exchange.body, isNDJSON: type.hasPrefix("application/x-ndjson"), toChannel: isChannel,
            maxEventBytes: core.settings.maxEventBytes)
        try core.submit(.publish(log, events)) { [unowned self] reply in
            switch reply {
            case .published(let ids):
                var writer = JSONWriter(reserving: 32 + ids.count * 24)
                writer.beginObject()
                writer.name("ids")
                writer.beginArray()
                for id in ids { writer.string(id.description) }
                writer.endArray()
                writer.endObject()
                core.reply(request, status: 200, headers: [JSONBody.contentType], body: writer.finish().bytes)
            case .refused(let refusal): core.refuse(request, Problem(refusal))
            case .job, .upload: core.refuse(request, Problem(.internalError, "unexpected answer"))
            }
        }
    }
}
