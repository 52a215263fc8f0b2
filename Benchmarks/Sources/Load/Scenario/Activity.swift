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
