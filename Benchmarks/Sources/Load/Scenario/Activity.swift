/// One thing that goes on during a phase; in the file an object with one member, whose name is the case:
/// `{"publish": {"rate": 5, "count": 50}}`.
public enum Activity: Codable, Sendable, Equatable {
    /// Events to channels, on a schedule fixed beforehand. Ends when all readers of all groups that read have them.
    case publish(Publish)
    /// Nothing, for a time: memory, idle CPU, heartbeats.
    case idle(Idle)
    /// Jobs are created and not watched.
    case createJobs(CreateJobs)
    /// A job is created, its stream read to the terminal event, the next one begun; so many at once.
    case wholeJobs(WholeJobs)
    /// Jobs that run for a while, each with open streams.
    case runningJobs(RunningJobs)
    /// Events that workers emit as fast as they can and nobody reads: what the store takes.
    case commitEvents(CommitEvents)
    /// All streams of a group are cut at once, without a word.
    case disconnect(Disconnect)
    /// All cut streams of a group come back at once, each with its own cursor, and catch up.
    case resume(Resume)
    /// Streams of a group go and come back with their cursor, at a rate.
    case churn(Churn)
    /// Streams of a slow or stalled group come back with their cursor when the server has cut them off.
    case stall(Stall)

    enum CodingKeys: String, CodingKey, CaseIterable {
        case publish, idle, disconnect, resume, churn, stall
        case createJobs = "create_jobs"
        case wholeJobs = "whole_jobs"
        case runningJobs = "running_jobs"
        case commitEvents = "commit_events"
    }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        switch try members.only() {
        case .publish: self = .publish(try members.required(.publish))
        case .idle: self = .idle(try members.required(.idle))
        case .createJobs: self = .createJobs(try members.required(.createJobs))
        case .wholeJobs: self = .wholeJobs(try members.required(.wholeJobs))
        case .runningJobs: self = .runningJobs(try members.required(.runningJobs))
        case .commitEvents: self = .commitEvents(try members.required(.commitEvents))
        case .disconnect: self = .disconnect(try members.required(.disconnect))
        case .resume: self = .resume(try members.required(.resume))
        case .churn: self = .churn(try members.required(.churn))
        case .stall: self = .stall(try members.required(.stall))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .publish(let value): try container.encode(value, forKey: .publish)
        case .idle(let value): try container.encode(value, forKey: .idle)
        case .createJobs(let value): try container.encode(value, forKey: .createJobs)
        case .wholeJobs(let value): try container.encode(value, forKey: .wholeJobs)
        case .runningJobs(let value): try container.encode(value, forKey: .runningJobs)
        case .commitEvents(let value): try container.encode(value, forKey: .commitEvents)
        case .disconnect(let value): try container.encode(value, forKey: .disconnect)
        case .resume(let value): try container.encode(value, forKey: .resume)
        case .churn(let value): try container.encode(value, forKey: .churn)
        case .stall(let value): try container.encode(value, forKey: .stall)
        }
    }

    var need: Capability {
        switch self {
        case .publish: .publish
        case .idle, .disconnect, .stall: .read
        case .resume, .churn: .resume
        case .createJobs, .wholeJobs, .runningJobs, .commitEvents: .jobs
        }
    }

    var streamsAtOnce: Int {
        switch self {
        case .wholeJobs(let jobs): jobs.inFlight
        case .runningJobs(let jobs): jobs.jobs * jobs.readersPerJob
        case .commitEvents(let events): events.jobs
        case .publish, .idle, .createJobs, .disconnect, .resume, .churn, .stall: 0
        }
    }
}

public struct Publish: Codable, Sendable, Equatable {
    /// Events go to the channels in turn; as many as the readers' groups have.
    public var channels: Int
    /// Events per second over all channels; 0: as fast as the server takes them.
    public var rate: Double
    /// Events over all channels.
    public var count: Int

    public init(channels: Int = 1, rate: Double, count: Int) {
        self.channels = channels
        self.rate = rate
        self.count = count
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case channels, rate, count }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        channels = try members.optional(.channels, default: 1, in: 1...20_000)
        rate = try members.required(.rate, in: 0...1_000_000)
        count = try members.required(.count, in: 1...1_000_000_000)
    }
}

public struct Idle: Codable, Sendable, Equatable {
    public var seconds: Double

    public init(seconds: Double) { self.seconds = seconds }

    enum CodingKeys: String, CodingKey, CaseIterable { case seconds }

    public init(from decoder: any Decoder) throws {
        seconds = try StrictMembers(decoder, CodingKeys.self).required(.seconds, in: 0...36_000)
    }
}

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

public struct Disconnect: Codable, Sendable, Equatable {
    public var group: String

    public init(group: String) { self.group = group }

    enum CodingKeys: String, CodingKey, CaseIterable { case group }

    public init(from decoder: any Decoder) throws {
        group = try StrictMembers(decoder, CodingKeys.self).required(.group)
    }
}

public struct Resume: Codable, Sendable, Equatable {
    public var group: String
    /// Opens under way at once.
    public var window: Int

    public init(group: String, window: Int = 128) {
        self.group = group
        self.window = window
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case group, window }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        group = try members.required(.group)
        window = try members.optional(.window, default: 128, in: 1...4096)
    }
}

public struct Churn: Codable, Sendable, Equatable {
    public var group: String
    /// Streams cut and opened anew per second.
    public var rate: Double
    public var seconds: Double
    /// Time between the cut and the new request.
    public var pauseMs: Int
    /// So many are cut at once, and come back at once: with all of the group a storm every now and then. The rate stays.
    public var burst: Int

    public init(group: String, rate: Double, seconds: Double, pauseMs: Int = 0, burst: Int = 1) {
        self.group = group
        self.rate = rate
        self.seconds = seconds
        self.pauseMs = pauseMs
        self.burst = burst
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case group, rate, seconds, burst
        case pauseMs = "pause_ms"
    }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        group = try members.required(.group)
        rate = try members.required(.rate, in: 0.01...100_000)
        seconds = try members.required(.seconds, in: 0.1...36_000)
        pauseMs = try members.optional(.pauseMs, default: 0, in: 0...3_600_000)
        burst = try members.optional(.burst, default: 1, in: 1...100_000)
    }
}

public struct Stall: Codable, Sendable, Equatable {
    public var group: String
    public var seconds: Double
    /// A stalled stream is woken after so long, since it cannot see before that it was cut off: the end lies behind what it has not
    /// read. It reads that, comes back with its cursor and stalls again. 0: never woken.
    public var wakeS: Double
    /// Time between the server's cut and the new request.
    public var pauseMs: Int

    public init(group: String, seconds: Double, wakeS: Double = 0, pauseMs: Int = 0) {
        self.group = group
        self.seconds = seconds
        self.wakeS = wakeS
        self.pauseMs = pauseMs
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case group, seconds
        case wakeS = "wake_s"
        case pauseMs = "pause_ms"
    }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        group = try members.required(.group)
        seconds = try members.required(.seconds, in: 0.1...36_000)
        wakeS = try members.optional(.wakeS, default: 0, in: 0...3600)
        pauseMs = try members.optional(.pauseMs, default: 0, in: 0...3_600_000)
    }
}
