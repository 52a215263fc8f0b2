// What a scenario can say of streams that are there: cut off, come back, go and come, lie stalled. Plain values out of the file; the
// activities of the same names under `Activities` do it.

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
