// The program behind the HTTP layer: finds the route of a head, decides whether the caller may, and hands complete requests to
// the routes. Loop-confined.

import MillstreamAccess
import MillstreamHTTP
import MillstreamJSON
import MillstreamJournal

final class ServerApplication: HTTPApplication {
    private let core: ServerCore
    private let jobs: JobRoutes
    private let logs: LogRoutes
    private let uploads: UploadRoutes
    private let operations: OperationRoutes
    /// The path that a route was last found for: a request asks at its head and when it is whole, and the next one often comes for
    /// the same path.
    private var lastPath: [UInt8] = []
    private var lastRoute: Route?

    private static let objectTypes = ["application/json"]
    private static let eventTypes = ["application/json", "application/x-ndjson"]

    init(core: ServerCore) {
        self.core = core
        jobs = JobRoutes(core: core)
        logs = LogRoutes(core: core)
        uploads = UploadRoutes(core: core)
        operations = OperationRoutes(core: core)
    }

    // MARK: At the head

    func route(_ head: RequestHead) -> BodyRule {
        do throws(Problem) {
            let route = try route(of: head)
            let method = try method(of: head, on: route)
            try admit(head, route, method)
            return bodyRule(route, method)
        } catch {
            return .refuse(core.problemReply(error, head: head))
        }
    }

    private func route(of head: RequestHead) throws(Problem) -> Route {
        if head.method == .options, head.path == "*" { return .livez }
        let path = head.pathBytes
        if let lastRoute, path.elementsEqual(lastPath) { return lastRoute }
        guard let route = Route(path: path) else { throw Problem(.notFound, "there is nothing at this path") }
        lastPath = Array(path)
        lastRoute = route
        return route
    }

    private func method(of head: RequestHead, on route: Route) throws(Problem) -> Route.Method {
        guard let method = Route.Method(head.method), route.methods.contains(method) else {
            var problem = Problem(.methodNotAllowed, "this route takes \(route.allow)")
            problem.headers = [("Allow", route.allow)]
            throw problem
        }
        return method
    }

    /// Origin and access, before a byte of a body is taken.
    private func admit(_ head: RequestHead, _ route: Route, _ method: Route.Method) throws(Problem) {
        if method == .post, core.verdict(of: head) == .foreign {
            throw Problem(
                .foreignOrigin, "pages of \(head.headers["origin"] ?? "this origin") may not send anything here")
        }
        switch core.settings.access.decide(route.need(for: method), on: route.resource) {
        case .allowed: break
        case .unauthenticated: throw Problem(.unauthorized, "this route needs a token")
        case .forbidden: throw Problem(.forbidden, "this token does not allow that")
        }
    }

    private func bodyRule(_ route: Route, _ method: Route.Method) -> BodyRule {
        guard method == .post else { return .none }
        switch route {
        case .uploads:
            return .file(
                maxBytes: core.settings.maxUploadBytes, directory: core.settings.uploadDirectory, budget: core.uploads)
        case .jobEvents, .channelEvents:
            return .buffer(
                maxBytes: core.settings.maxBodyBytes, contentTypes: Self.eventTypes)
        case .jobCancel:
            // A cancel says everything by its path; an empty body needs no type.
            return .buffer(maxBytes: core.settings.maxBodyBytes, contentTypes: [])
        default:
            return .buffer(maxBytes: core.settings.maxBodyBytes, contentTypes: Self.objectTypes)
        }
    }

    // MARK: The whole request

    func respond(to exchange: HTTPExchange) {
        let requestID = core.nextRequestID()
        do throws(Problem) {
            let route = try route(of: exchange.head)
            let method = try method(of: exchange.head, on: route)
            let request = RequestContext(
                exchange: exchange.id, requestID: requestID, route: route, method: method,
                query: try Query(exchange.head.queryBytes ?? []), origin: core.verdict(of: exchange.head),
                principal: .anonymous)
            do throws(Problem) {
                try respond(to: request, exchange)
            } catch {
                core.refuse(request, error)
            }
        } catch {
            let reply = core.problemReply(error, head: exchange.head, requestID: requestID)
            exchange.reply(status: reply.status, headers: reply.headers, body: reply.body)
        }
    }

    private func respond(to request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        if request.method == .options {
            operations.preflight(request, exchange)
            return
        }
        let isPost = request.method == .post
        switch request.route {
        case .page(let path): try operations.page(path, request)
        case .livez: operations.livez(request)
        case .readyz: operations.readyz(request)
        case .metrics: operations.metrics(request)
        case .openAPI: operations.openAPI(request)
        case .jobs:
            if isPost { try jobs.create(request, exchange) } else { try jobs.list(request) }
        case .job(let id): try jobs.snapshot(id, request, exchange)
        case .jobEvents(let id):
            if isPost {
                try logs.publish(to: .job(id), request, exchange)
            } else {
                try logs.jobEvents(id, request, exchange)
            }
        case .jobInput(let id): try jobs.input(id, request, exchange)
        case .jobCancel(let id):
            try Self.checkType(ofOptionalBody: exchange)
            try jobs.cancel(id, request, exchange)
        case .events: try logs.events(request, exchange)
        case .channelEvents(let name): try logs.publish(to: .channel(name), request, exchange)
        case .uploads: try uploads.store(request, exchange)
        }
    }

    /// A body that may be missing needs a type only when it is there.
    private static func checkType(ofOptionalBody exchange: HTTPExchange) throws(Problem) {
        let type = exchange.head.headers["content-type"]?.lowercased()
        let isJSON = type.map { $0.prefix { $0 != ";" && $0 != " " } == "application/json" }
        guard isJSON ?? exchange.body.isEmpty else {
            throw Problem(.unsupportedMediaType, "Content-Type must be application/json")
        }
    }

    // MARK: Refusals of the HTTP layer

    func problem(for refusal: Refusal, head: RequestHead?) -> ProblemReply {
        core.problemReply(Problem(refusal), head: head)
    }
}
