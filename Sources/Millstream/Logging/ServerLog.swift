// The server's own log: the face of logging. Formats on the calling thread, writes on a lane of its own, so that no
// thread waits for a disk. Any thread may log; one owner reconfigures and closes.

import Logging
import Synchronization

/// Where the server writes about itself. Make one at the start; its handlers share it.
///
/// ```swift
/// let output = try ServerLog(configuration.log)
/// let log = output.logger()
/// ```
public final class ServerLog: Sendable {
    private let lane: LogLane
    private let level: Atomic<Int>

    /// Opens the file (or takes standard error) and starts the writing lane.
    /// - Throws: ``LogFailure`` when the file cannot be opened.
    public init(_ settings: ServerConfiguration.Log) throws(LogFailure) {
        let output = try LogOutput(path: settings.file)
        lane = LogLane(output: output, isJSON: settings.format == .json, maxQueuedBytes: settings.queueBytes)
        level = Atomic(Logger.Level(settings.level).rank)
        lane.start()
    }

    /// A logger whose lines go here.
    public func logger(_ label: String = "millstream") -> Logger {
        Logger(label: label) { [self] _ in ServerLogHandler(log: self) }
    }

    /// Takes a new level, format and file, and opens the file again even if its name is the same: it may have been
    /// moved away by a log rotation. The lane does that; a file that cannot be opened is reported in the old one, which
    /// stays in use.
    public func reconfigure(_ settings: ServerConfiguration.Log) {
        level.store(Logger.Level(settings.level).rank, ordering: .relaxed)
        lane.isJSON.store(settings.format == .json, ordering: .relaxed)
        lane.reopen(path: settings.file)
    }

    /// Lines that a stuck disk or a full queue has cost so far.
    public var droppedLines: Int { lane.droppedLines }

    /// Writes what is queued, but waits no longer than this. Log nothing afterwards: it would be dropped.
    public func close(timeoutMs: Int = 1000) {
        lane.close(timeoutMs: timeoutMs)
    }

    // MARK: For the handlers

    var minimumLevel: Logger.Level { Logger.Level(rank: level.load(ordering: .relaxed)) }

    func write(_ line: LogLine) {
        lane.add(line)
    }
}

extension Logger.Level {
    init(_ level: ServerConfiguration.Log.Level) {
        self = Logger.Level(rawValue: level.rawValue) ?? .info
    }

    /// The place in the order of levels, for an atomic.
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    init(rank: Int) {
        self = Self.allCases.indices.contains(rank) ? Self.allCases[rank] : .info
    }
}
