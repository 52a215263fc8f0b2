// What is not about jobs: the page, liveness, readiness, metrics, the contract, CORS preflights. Loop-confined.

import MillstreamAccess
import MillstreamHTTP
import MillstreamJSON

final class OperationRoutes {
    private unowned let core: ServerCore

    init(core: ServerCore) {
        self.core = core
    }

    func livez(_ request: RequestContext) {
        core.reply(
            request, status: 200, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array("ok\n".utf8))
    }

    func readyz(_ request: RequestContext) {
        core.readiness.check { [unowned self] failure in
            if let failure {
                var problem = Problem(.notReady, failure)
                problem.headers = [("Retry-After", "\(Readiness.verdictHoldsMs / 1000)")]
                core.refuse(request, problem)
                return
            }
            var writer = JSONWriter(reserving: 64)
            writer.beginObject()
            writer.member("status", "ready")
            writer.endObject()
            core.reply(
                request, status: 200, headers: [JSONBody.contentType, ("Cache-Control", "no-store")],
                body: writer.finish().bytes)
        }
    }

    func metrics(_ request: RequestContext) {
        let headers = [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")]
        core.reply(request, status: 200, headers: headers, body: core.renderMetrics())
    }

    func openAPI(_ request: RequestContext) {
        core.reply(request, status: 200, headers: [JSONBody.contentType], body: PackageResources.openapi_json)
    }

    func page(_ path: String, _ request: RequestContext) throws(Problem) {
        guard let file = PageFile.at(path) else { throw Problem(.notFound, "there is nothing at this path") }
        let headers = PageFile.headers.map { ($0.name, $0.value) } + [("Content-Type", file.contentType)]
        core.reply(request, status: 200, headers: headers, body: file.body)
    }

    /// RFC 9110 section 9.3.7 for everybody; the CORS members (Fetch standard) for listed origins only.
    func preflight(_ request: RequestContext, _ exchange: HTTPExchange) {
        var headers = [("Allow", request.route.allow)]
        if case .listed = request.origin {
            headers += [
                ("Access-Control-Allow-Methods", request.route.allow),
                (
                    "Access-Control-Allow-Headers",
                    "Authorization, Cache-Control, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Prefer"
                ),
                ("Access-Control-Max-Age", "600"),
            ]
        }
        core.reply(request, status: 204, headers: headers, body: [])
    }
}
