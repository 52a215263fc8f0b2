import Foundation

/// What is done to a server and what is measured: one file of `Benchmarks/Scenarios`. It names no server: how one talks to a
/// server is a `Dialect`. First all groups of readers are opened (`LoadReport.open`), then the phases run one after the other on
/// the same streams; the activities of a phase run at once, in one event loop. Members that are not known are an error.
public struct Scenario: Codable, Sendable, Equatable {
    /// The file's name without `.json`.
    public var name: String
    /// For tables and plots.
    public var title: String
    /// In words, with its unit: what the issue asks for. Empty when nothing is asked.
    public var goal: String
    /// Length of each event's data. The peers' own publishers send what they send (about 200).
    public var dataBytes: Int
    /// Streams bind in turn to this many addresses from 127.0.0.2 on, so that ports suffice; 0: no bind.
    public var sources: Int
    public var readers: [ReaderGroup]
    public var phases: [Phase]
    /// Wait between the last open and the memory sample that ends `LoadReport.open`.
    public var settleS: Double
    public var openTimeoutS: Double
    /// Opens under way at once.
    public var openWindow: Int

    public init(
        name: String, title: String = "", goal: String = "", dataBytes: Int = 200, sources: Int = 16,
        readers: [ReaderGroup] = [], phases: [Phase] = [], settleS: Double = 1, openTimeoutS: Double = 60,
        openWindow: Int = 128
    ) {
        self.name = name
        self.title = title
        self.goal = goal
        self.dataBytes = dataBytes
        self.sources = sources
        self.readers = readers
        self.phases = phases
        self.settleS = settleS
        self.openTimeoutS = openTimeoutS
        self.openWindow = openWindow
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, title, goal, sources, readers, phases
        case dataBytes = "data_bytes"
        case settleS = "settle_s"
        case openTimeoutS = "open_timeout_s"
        case openWindow = "open_window"
    }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        name = try members.required(.name)
        title = try members.optional(.title, default: "")
        goal = try members.optional(.goal, default: "")
        dataBytes = try members.optional(.dataBytes, default: 200, in: 0...200_000)
        sources = try members.optional(.sources, default: 16, in: 0...250)
        readers = try members.optional(.readers, default: [])
        phases = try members.optional(.phases, default: [])
        settleS = try members.optional(.settleS, default: 1, in: 0...600)
        openTimeoutS = try members.optional(.openTimeoutS, default: 60, in: 0.1...3600)
        openWindow = try members.optional(.openWindow, default: 128, in: 1...4096)
    }

    /// What a dialect must be able to do for this scenario.
    public var needs: Set<Capability> {
        var needs = Set(phases.flatMap(\.activities).map(\.need))
        needs.remove(.read)
        if !readers.isEmpty { needs.insert(.read) }
        return needs
    }

    /// Streams that are open at once at most, jobs' streams included; for the descriptor limit.
    public var streamsAtOnce: Int {
        let most = phases.map { $0.activities.map(\.streamsAtOnce).reduce(0, +) }.max() ?? 0
        return readers.map(\.count).reduce(0, +) + most
    }
}

/// What a server can be asked for. Some servers can do only a part; a runner skips the scenarios that need more.
public enum Capability: String, Codable, Sendable, CaseIterable {
    case read, publish, resume, jobs
}

/// Streams that are opened before the first phase and stay open.
public struct ReaderGroup: Codable, Sendable, Equatable {
    /// How a group takes what the server sends.
    public enum Reading: String, Codable, Sendable {
        /// All there is, at once.
        case all
        /// Nothing after the reply's head: the kernel's buffers fill, then the server's.
        case stalled
        /// `bytesPerS` of each stream, in pieces: lags for ever when more is sent.
        case slow
    }

    public var name: String
    public var count: Int
    /// Reader i reads channel i modulo this: `c` for one, `c-0`… for many.
    public var channels: Int
    public var reading: Reading
    public var bytesPerS: Int
    /// SO_RCVBUF in bytes; 0: the kernel's choice.
    public var receiveBuffer: Int

    public init(
        name: String = "live", count: Int, channels: Int = 1, reading: Reading = .all, bytesPerS: Int = 0,
        receiveBuffer: Int = 0
    ) {
        self.name = name
        self.count = count
        self.channels = channels
        self.reading = reading
        self.bytesPerS = bytesPerS
        self.receiveBuffer = receiveBuffer
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, count, channels, reading
        case bytesPerS = "bytes_per_s"
        case receiveBuffer = "receive_buffer"
    }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        name = try members.optional(.name, default: "live")
        count = try members.required(.count, in: 1...100_000)
        channels = try members.optional(.channels, default: 1, in: 1...20_000)
        reading = try members.optional(.reading, default: .all)
        bytesPerS = try members.optional(.bytesPerS, default: 1000, in: 1...1_000_000_000)
        receiveBuffer = try members.optional(.receiveBuffer, default: 0, in: 0...16_777_216)
    }
}

/// A stretch of time with figures of its own. Ends when all of its activities have; what has not ended by then is said to have
/// timed out.
public struct Phase: Codable, Sendable, Equatable {
    public var name: String
    /// False for a warm-up: reported, but no figure of it counts.
    public var measured: Bool
    public var timeoutS: Double
    public var activities: [Activity]

    public init(name: String, measured: Bool = true, timeoutS: Double = 60, activities: [Activity]) {
        self.name = name
        self.measured = measured
        self.timeoutS = timeoutS
        self.activities = activities
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, measured
        case timeoutS = "timeout_s"
        case activities = "do"
    }

    public init(from decoder: any Decoder) throws {
        let members = try StrictMembers(decoder, CodingKeys.self)
        name = try members.required(.name)
        measured = try members.optional(.measured, default: true)
        timeoutS = try members.optional(.timeoutS, default: 60, in: 0.1...36_000)
        activities = try members.required(.activities)
    }
}
