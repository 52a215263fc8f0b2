import Foundation

/// What a run found: the JSON that `sse-load run --json FILE` writes. Members are snake_case in the file, times in the unit that
/// ends their name. Figures of the server's processes are nil when no process was named (`--pid`).
public struct LoadReport: Codable, Sendable, Equatable {
    public var scenario: String
    public var title: String
    public var goal: String
    /// As `--server` named it.
    public var server: String
    public var dialect: String
    public var machine: Machine
    public var command: [String]
    /// RFC 3339, UTC.
    public var startedAt: String
    /// Nil when the scenario has no groups of readers.
    public var open: OpenReport?
    public var phases: [PhaseReport]
    /// Once a second over the whole run.
    public var samples: [Sample]
    public var wallS: Double
    public var generatorCpuS: Double
    /// In words, what was lost, refused or late: empty when all is as it must be.
    public var faults: [String]

    /// JSON as the files have it: sorted, so that two runs can be compared by line.
    public static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    public static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}

public struct Machine: Codable, Sendable, Equatable {
    public var kernel: String
    public var cpu: String
    public var cores: Int
    public var memoryBytes: Int
}

/// The opening of all groups of readers.
public struct OpenReport: Codable, Sendable, Equatable {
    public var wanted: Int
    public var opened: Int
    /// Streams that could not be connected or were cut before the reply's head.
    public var errors: Int
    /// Replies with another status than 200, and the last such status.
    public var non200: Int
    public var lastStatus: Int
    /// `errno` of the last error in words; empty without one.
    public var lastError: String
    public var wallS: Double
    public var opensPerS: Double
    /// From `connect()` to the reply's head.
    public var latencyUs: Quantiles
    public var serverCpuS: Double?
    public var serverCpuUsPerOpen: Double?
    /// Before the first open and `settle_s` after the last one.
    public var memory: MemoryChange?
    public var rssBytesPerStream: Double?
    public var generatorCpuS: Double
}

/// The server's processes before and after something.
public struct MemoryChange: Codable, Sendable, Equatable {
    /// `Rss` of smaps_rollup, summed over the processes.
    public var rssBytesBefore: Int
    public var rssBytesAfter: Int
    public var descriptorsBefore: Int
    public var descriptorsAfter: Int

    public var rssBytesGrowth: Int { rssBytesAfter - rssBytesBefore }
}

/// Of a histogram with three significant digits; all 0 when it is empty.
public struct Quantiles: Codable, Sendable, Equatable {
    public var count: Int
    public var min: Double
    public var mean: Double
    public var p50: Double
    public var p90: Double
    public var p99: Double
    public var p999: Double
    public var max: Double

    public static let none = Quantiles(count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0)
}

/// What streams got in a phase.
public struct StreamCounts: Codable, Sendable, Equatable {
    public var events: Int
    /// 0 when nothing can be said beforehand.
    public var expected: Int
    public var missing: Int
    /// Numbers skipped between two ids of one stream, also over a reconnect with its cursor.
    public var gaps: Int
    /// Ids that did not rise.
    public var duplicates: Int
    /// Events named `gap`: what the server itself said it left out.
    public var gapEvents: Int
    /// Ids that are neither a number nor `<epoch>-<number>`.
    public var unreadableIds: Int
    public var comments: Int
    /// Ends of streams that nobody asked for.
    public var disconnects: Int
    public var bytes: Int
    public var reads: Int

    public static let zero = StreamCounts(
        events: 0, expected: 0, missing: 0, gaps: 0, duplicates: 0, gapEvents: 0, unreadableIds: 0, comments: 0,
        disconnects: 0, bytes: 0, reads: 0)
}

public struct PhaseReport: Codable, Sendable, Equatable {
    public var name: String
    public var measured: Bool
    public var timedOut: Bool
    /// From the phase's start to the last event of it (to its end when there was none).
    public var wallS: Double
    /// All streams that read, jobs' streams included; stalled and slow ones only in `groups`.
    public var counts: StreamCounts
    public var eventsPerRead: Double
    public var deliveriesPerS: Double
    /// Event latency of the same streams: from the planned emission when the generator published, else from the `t` in the data.
    public var latencyUs: Quantiles
    public var groups: [GroupReport]
    public var serverCpuS: Double?
    /// By the threads' names; threads of one name together.
    public var serverCpuByThread: [String: Double]?
    public var cpuUsPerDelivery: Double?
    public var generatorCpuS: Double
    public var memory: MemoryChange?
    public var publishing: PublishReport?
    public var jobs: JobsReport?
    /// Of further activities with jobs in the same phase; the CPU times in them are the whole phase's.
    public var otherJobs: [JobsReport]?
    public var resume: ResumeReport?
    public var churn: ChurnReport?
    /// Of further groups in the same phase.
    public var otherChurns: [ChurnReport]?
    public var stalls: [StallReport]?
    public var commits: CommitReport?
}

public struct GroupReport: Codable, Sendable, Equatable {
    public var name: String
    public var streams: Int
    public var reading: ReaderGroup.Reading
    public var counts: StreamCounts
    public var latencyUs: Quantiles
}

public struct PublishReport: Codable, Sendable, Equatable {
    public var planned: Int
    /// Requests answered with success when the generator published; 1 when it asked the server to publish.
    public var answered: Int
    public var errors: Int
    /// From the planned time of the request to its answer.
    public var answerUs: Quantiles
    /// The longest that a request left after its planned time.
    public var lateUsMax: Double
}

public struct JobsReport: Codable, Sendable, Equatable {
    /// The activity's, or the name it was given.
    public var name: String
    public var created: Int
    public var createErrors: Int
    /// Jobs whose terminal event came.
    public var completed: Int
    /// Jobs that ended otherwise than `completed`.
    public var failed: Int
    /// Jobs whose stream ended without a terminal event, or lacked a number, or had one twice.
    public var jobsWithLostEvents: Int
    public var lostEvents: Int
    public var reconnects: Int
    /// Streams that the generator cut and resumed, with `cut_after`.
    public var cuts: Int?
    public var createdPerS: Double
    public var completedPerS: Double
    /// From the request's planned time to the 202.
    public var createUs: Quantiles
    /// From the request's planned time to the terminal event.
    public var endUs: Quantiles
    /// From the `t` in the data to the reader.
    public var eventUs: Quantiles
    public var cpuMsPerJob: Double?
    public var generatorCpuUsPerJob: Double
    /// Streams open at most, and what the server's memory grew by for each (job included), with `hold_s`.
    public var streams: Int
    public var rssBytesPerStream: Double?
}

public struct ResumeReport: Codable, Sendable, Equatable {
    public var readers: Int
    /// Readers whose cursor reached the end of what was published before they came back.
    public var caughtUp: Int
    public var openErrors: Int
    /// Events between the cursors and that end.
    public var behind: Int
    public var replayed: Int
    public var replayedPerS: Double
    /// From the first reconnect to the last reader that has caught up.
    public var wallS: Double
    /// From a reader's `connect()` until it has caught up.
    public var catchUpUs: Quantiles
    /// Latency of the other groups' events from the first reconnect until the last reader had caught up: the storm alone, which is only a
    /// part of its phase. Nil when not all caught up.
    public var othersUs: Quantiles?
    public var serverCpuUsPerEvent: Double?
}

public struct ChurnReport: Codable, Sendable, Equatable {
    public var group: String
    public var planned: Int
    public var reconnects: Int
    public var openErrors: Int
    /// From `connect()` to the reply's head.
    public var openUs: Quantiles
}

public struct StallReport: Codable, Sendable, Equatable {
    public var group: String
    /// Streams that the server cut off.
    public var cutOff: Int
    /// Streams that were woken and found that the server had not cut them off.
    public var kept: Int
    /// Numbers that were skipped; with `gap_events` the server said so, without it did not.
    public var gaps: Int
    public var gapEvents: Int
    public var duplicates: Int
    public var openErrors: Int
}

public struct CommitReport: Codable, Sendable, Equatable {
    public var jobs: Int
    public var events: Int
    /// From the first POST to the last terminal event.
    public var wallS: Double
    public var eventsPerS: Double
    public var serverCpuUsPerEvent: Double?
}

/// One second of the run.
public struct Sample: Codable, Sendable, Equatable {
    public var atS: Double
    /// `open`, or the phase's name.
    public var phase: String
    public var streams: Int
    public var eventsPerS: Double
    /// Of the events in this second, over all streams that read.
    public var p50Us: Double
    public var p99Us: Double
    public var maxUs: Double
    public var jobsPerS: Double
    /// Gaps, duplicates, disconnects and errors in this second.
    public var faults: Int
    public var rssBytes: Int?
    /// With `--pss`: the share of it that is this server's alone; `rss_bytes` is then exact, too.
    public var pssBytes: Int?
    public var descriptors: Int?
    public var threads: Int?
    /// Of the files that `--file` named, by their last component; a file that is not there has 0.
    public var fileBytes: [String: Int]?
    /// Share of one core.
    public var serverCpu: Double?
    public var generatorCpu: Double
}
