// Which path means what.

import MillstreamAccess
import MillstreamJournal
import Testing

@_spi(Benchmarks) @testable import MillstreamServer

@Suite struct RouteTests {
    @Test(arguments: [
        ("/", Route.page("/")), ("/livez", .livez), ("/readyz", .readyz), ("/metrics", .metrics),
        ("/openapi.json", .openAPI), ("/v1/jobs", .jobs), ("/v1/jobs/a.b", .job(JobID(trusted: "a.b"))),
        ("/v1/jobs/%61", .job(JobID(trusted: "a"))), ("/v1/jobs/a/events", .jobEvents(JobID(trusted: "a"))),
        ("/v1/jobs/a/input", .jobInput(JobID(trusted: "a"))), ("/v1/jobs/a/cancel", .jobCancel(JobID(trusted: "a"))),
        ("/v1/events", .events), ("/v1/channels/c/events", .channelEvents("c")), ("/v1/uploads", .uploads),
        // RFC 3986 section 6.2.2.2: an encoded unreserved character is that character.
        ("/v1/%6Aobs", .jobs), ("/v1/%6a%6F%62%73/a/%65vents", .jobEvents(JobID(trusted: "a"))),
        ("/%76%31/jobs", .jobs), ("/v%31/%65vents", .events), ("/v1/channels/%63/event%73", .channelEvents("c")),
        ("/%6Civez", .livez), ("/openapi%2Ejson", .openAPI), ("/app%2ejs", .page("/app.js")),
    ])
    func aPathNamesItsRoute(path: String, route: Route) {
        #expect(Route(path: ArraySlice(path.utf8)) == route)
    }

    @Test(arguments: [
        "", "/v1", "/v1/", "/v2/jobs", "/v1/jobs/", "/v1/jobs/a/", "/v1/jobs/a/b", "/v1/jobs/a/events/",
        "/v1/jobs/a%2Fb",
        "/v1/jobs/..", "/v1/jobs/%2e%2e/x", "/v1/channels//events", "/v1/channels/./events",
        "/v1/channels/%2E%2e/events", "/v1/channels/a b/events", "//", "/v1/jobs/%",
        "/index.html", "/../etc/passwd",
        // An encoded slash separates nothing, an encoded percent sign encodes nothing.
        "/v1%2Fjobs", "/v1%2fjobs/a", "%2Fv1/jobs", "%2Flivez", "/%2Flivez", "/%2F", "/v1/jobs%2Fa",
        "/v1/jobs%2Fa/events",
        "/v1/jobs/a%2Fevents", "/v1/channels/c%2Fevents", "/%256Civez", "/v1/%256Aobs", "/v1/jobs/a/events%2F",
        "/livez%", "/livez%2", "/%6civez%zz", "/livez%00", "/%ff", "/%76%31", "/%76%31/", "/%2E%2E/livez", "/livez/",
        "/app.js/", "livez", "*",
    ])
    func otherPathsNameNothing(path: String) {
        #expect(Route(path: ArraySlice(path.utf8)) == nil)
    }

    @Test func everyRouteThatChangesSomethingNeedsMoreThanNothing() {
        let id = JobID(trusted: "a")
        let routes: [Route] = [.jobs, .jobEvents(id), .jobInput(id), .jobCancel(id), .channelEvents("c"), .uploads]
        for route in routes {
            #expect(route.methods.contains(.post))
            #expect([.publisher, .worker].contains(route.need(for: .post)))
        }
    }

    @Test(
        arguments: [
            (nil, "127.0.0.1:8080", OriginPolicy.Verdict.none),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", .own),
            ("http://localhost:8080", "127.0.0.1:8080", .foreign),
            ("http://evil.example", "127.0.0.1:8080", .foreign),
            ("http://evil.example:8080", "evil.example:8080", .foreign),
            ("null", "127.0.0.1:8080", .foreign),
            ("http://localhost:3000", "127.0.0.1:8080", .listed("http://localhost:3000")),
        ] as [(String?, String, OriginPolicy.Verdict)])
    func pagesOfOtherOriginsAreForeignUnlessListed(origin: String?, host: String, verdict: OriginPolicy.Verdict) {
        let policy = OriginPolicy(origins: ["http://localhost:3000"], loopbackOnly: true)
        #expect(policy.verdict(origin: origin, host: host) == verdict)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("localhost", true), ("::1", true), ("[::1]", true), ("127.1.2.3", true),
        ("0.0.0.0", false),
        ("::", false), ("127.evil.example", false), ("127.0.0.1.evil.example", false), ("192.168.0.1", false),
        ("", false),
    ])
    func onlyLoopbackNamesAreLoopback(host: String, isLoopback: Bool) {
        #expect(HostName.isLoopback(host) == isLoopback)
    }
}
