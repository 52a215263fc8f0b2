// What a scenario can say of jobs: how many are created, run and watched, and what they emit. Plain values out of the file; the
// activities of the same names under `Activities` do it.

public struct CreateJobs: Codable, Sendable, Equatable {
    public var count: Int
    /// Keep-alive connections, one request under way on each.
    public var connections: Int
    /// Jobs that would start in an hour: creating is measured alone. Otherwise each runs `steps` steps.
    public var scheduled: Bool
    public var steps: Int
    /// Jobs per second; 0: as fast as the server takes them.
    public var rate: Double

    public init(count: Int, connections: Int = 64, scheduled: Bool = false, steps: Int = 0, rate: Double = 0) {
        self.count = count
        self.connections = connections
        self.scheduled = scheduled
        self.steps = steps
        self.rate = rate
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case count, connections, scheduled, steps, rate }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        count = try members.required(.count, in: 1...10_000_000)
        connections = try members.optional(.connections, default: 64, in: 1...1024)
        scheduled = try members.optional(.scheduled, default: false)
        steps = try members.optional(.steps, default: 0, in: 0...1_000_000)
        rate = try members.optional(.rate, default: 0, in: 0...1_000_000)
    }
}

public struct WholeJobs: Codable, Sendable, Equatable {
    /// Name of the group of streams in the report: a phase may have several.
    public var name: String
    /// Ends after so many jobs, or after `seconds` when that is given (then 0).
    public var count: Int
    public var seconds: Double
    public var inFlight: Int
    public var steps: Int
    public var intervalMs: Int
    /// Keep-alive connections for the POSTs; not more than jobs in flight.
    public var connections: Int
    /// Jobs begun per second; 0: the next one as soon as one has ended.
    public var rate: Double
    /// Each job's stream is cut once, after so many events, and comes back with its cursor; 0: never.
    public var cutAfter: Int

    public init(
        name: String = "whole_jobs", count: Int = 0, seconds: Double = 0, inFlight: Int = 100, steps: Int = 13,
        intervalMs: Int = 0,
        connections: Int = 100, rate: Double = 0, cutAfter: Int = 0
    ) {
        self.name = name
        self.count = count
        self.seconds = seconds
        self.inFlight = inFlight
        self.steps = steps
        self.intervalMs = intervalMs
        self.connections = connections
        self.rate = rate
        self.cutAfter = cutAfter
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, count, seconds, steps, connections, rate
        case inFlight = "in_flight"
        case cutAfter = "cut_after"
        case intervalMs = "interval_ms"
    }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        name = try members.optional(.name, default: "whole_jobs")
        count = try members.optional(.count, default: 0, in: 0...100_000_000)
        seconds = try members.optional(.seconds, default: 0, in: 0...36_000)
        inFlight = try members.optional(.inFlight, default: 100, in: 1...20_000)
        steps = try members.optional(.steps, default: 13, in: 0...1_000_000)
        intervalMs = try members.optional(.intervalMs, default: 0, in: 0...3_600_000)
        connections = try members.optional(.connections, default: 100, in: 1...1024)
        rate = try members.optional(.rate, default: 0, in: 0...1_000_000)
        cutAfter = try members.optional(.cutAfter, default: 0, in: 0...1_000_000)
        guard (count > 0) != (seconds > 0) else { throw members.fault(.count, "give either count or seconds") }
    }
}

public struct RunningJobs: Codable, Sendable, Equatable {
    /// Name of the group of streams in the report: a phase may have several.
    public var name: String
    public var jobs: Int
    public var readersPerJob: Int
    public var steps: Int
    public var intervalMs: Int
    /// Each job holds a worker's thread while it waits.
    public var block: Bool
    /// Each job computes instead of waiting: competes with the server for its core.
    public var busy: Bool
    /// Other than 0: ends so long after the last stream opened (the memory is sampled then); otherwise when all jobs have ended.
    public var holdS: Double

    public init(
        name: String = "jobs", jobs: Int, readersPerJob: Int = 1, steps: Int = 13, intervalMs: Int = 50,
        block: Bool = false, busy: Bool = false, holdS: Double = 0
    ) {
        self.name = name
        self.jobs = jobs
        self.readersPerJob = readersPerJob
        self.steps = steps
        self.intervalMs = intervalMs
        self.block = block
        self.busy = busy
        self.holdS = holdS
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, jobs, steps, block, busy
        case readersPerJob = "readers_per_job"
        case intervalMs = "interval_ms"
        case holdS = "hold_s"
    }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        name = try members.optional(.name, default: "jobs")
        jobs = try members.required(.jobs, in: 1...20_000)
        readersPerJob = try members.optional(.readersPerJob, default: 1, in: 0...20_000)
        steps = try members.optional(.steps, default: 13, in: 0...1_000_000)
        intervalMs = try members.optional(.intervalMs, default: 50, in: 0...3_600_000)
        block = try members.optional(.block, default: false)
        busy = try members.optional(.busy, default: false)
        holdS = try members.optional(.holdS, default: 0, in: 0...3600)
    }
}

public struct CommitEvents: Codable, Sendable, Equatable {
    /// Jobs that emit at once.
    public var jobs: Int
    public var eventsPerJob: Int
    /// Channels that each job publishes to in turn.
    public var channelsPerJob: Int

    public init(jobs: Int, eventsPerJob: Int, channelsPerJob: Int = 1) {
        self.jobs = jobs
        self.eventsPerJob = eventsPerJob
        self.channelsPerJob = channelsPerJob
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case jobs
        case eventsPerJob = "events_per_job"
        case channelsPerJob = "channels_per_job"
    }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        jobs = try members.required(.jobs, in: 1...4096)
        eventsPerJob = try members.required(.eventsPerJob, in: 1...100_000_000)
        channelsPerJob = try members.optional(.channelsPerJob, default: 1, in: 1...20_000)
    }
}
