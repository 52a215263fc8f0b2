// A handler out of a closure, and a bench with nothing but it, under the kind "k".

import MillstreamJSON

@testable import MillstreamRuntime

struct Closure: JobHandler {
    let body: @Sendable (JobContext) async throws -> JSONText?

    init(_ body: @escaping @Sendable (JobContext) async throws -> JSONText?) {
        self.body = body
    }

    func run(_ job: JobContext) async throws -> JSONText? {
        try await body(job)
    }
}

extension WorkerBench {
    convenience init(
        lane: LaneLimits = LaneLimits(), pool: PoolLimits = PoolLimits(),
        _ body: @escaping @Sendable (JobContext) async throws -> JSONText?
    ) throws {
        try self.init(handlers: ["k": Closure(body)], lane: lane, pool: pool)
    }
}
