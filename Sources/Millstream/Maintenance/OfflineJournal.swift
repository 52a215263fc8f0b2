// A data directory without a server: what `millstream journal` works on. Holds the directory's lock, so that no server
// starts meanwhile; never makes a directory or a journal that was not there. One thread, blocking.

import Glibc
import MillstreamJSON
import MillstreamJournal
import MillstreamJournalSQLite

/// The journal of a data directory that no server uses.
public final class OfflineJournal {
    /// What an operator wants to know first.
    public struct Summary: Sendable {
        public var path: String
        /// Whether the last server ended in an orderly way.
        public var wasClean: Bool
        public var statistics: JournalStatistics
    }

    /// Runs and channels that are read at a time.
    private static let pageLength = 500

    private let directory: DataDirectory
    private let inspection: JournalInspection

    /// Locks the directory and opens its journal.
    /// - Throws: ``StartFailure`` (`data`) when there is none, another process uses it, or it cannot be read.
    public init(dataDirectory path: String) throws(StartFailure) {
        guard access(path + "/journal.sqlite", F_OK) == 0 else {
            throw StartFailure(.data, "\(path): there is no journal in it")
        }
        do throws(DataDirectory.Failure) {
            directory = try DataDirectory(path)
        } catch {
            throw StartFailure(.data, error.description)
        }
        do throws(JournalError) {
            inspection = try JournalInspection(path: directory.journal)
        } catch {
            throw Self.failure(error, directory.journal)
        }
    }

    deinit {
        inspection.close()
    }

    public func summary() throws(StartFailure) -> Summary {
        try attempt { () throws(JournalError) in
            Summary(path: directory.journal, wasClean: try inspection.wasClean, statistics: try inspection.statistics())
        }
    }

    /// Reads everything and reports what should not be, as one line each. Returns how many there were; at most
    /// `maxFindings`.
    public func check(maxFindings: Int, _ report: @escaping (String) -> Void) throws(StartFailure) -> Int {
        try attempt { () throws(JournalError) in
            try inspection.check(maxFindings: maxFindings) { report($0.description) }
        }
    }

    /// Rewrites the file without its free space. Needs as much room again while it runs.
    public func compact() throws(StartFailure) {
        try attempt { () throws(JournalError) in try inspection.compact() }
    }

    /// Gives the events of the named logs (`job:ID`, `channel:NAME`), or of all, as one line of JSON each:
    /// `{"log","id","event","data","time"}`.
    public func dump(_ names: [String], _ line: (String) -> Void) throws(StartFailure) {
        var logs: [LogName] = []
        for name in names {
            logs.append(try log(named: name))
        }
        try attempt { () throws(JournalError) in
            if names.isEmpty { try dumpAll(line) } else { for log in logs { try dump(log, line) } }
        }
    }

    // MARK: Parts

    /// The log of that name, which must be there.
    private func log(named name: String) throws(StartFailure) -> LogName {
        let found = try attempt { () throws(JournalError) -> LogName? in
            if name.hasPrefix("job:"), let id = JobID(String(name.dropFirst(4))) {
                return try inspection.reader.job(id) == nil ? nil : .job(id)
            }
            guard name.hasPrefix("channel:") else { return nil }
            let channel = String(name.dropFirst(8))
            return try inspection.reader.channel(channel) == nil ? nil : .channel(channel)
        }
        guard let found else { throw StartFailure(.data, "there is no log '\(name)' (job:ID or channel:NAME)") }
        return found
    }

    private func dumpAll(_ line: (String) -> Void) throws(JournalError) {
        var before: LogRef?
        while true {
            let page = try inspection.reader.jobs(JobFilter(), before: before, limit: Self.pageLength)
            for job in page { try dump(.job(job.id), epoch: job.epoch, line) }
            guard let last = page.last else { break }
            before = last.ref
        }
        var after = LogRef(0)
        while true {
            let page = try inspection.reader.channels(after: after, limit: Self.pageLength)
            for channel in page { try dump(.channel(channel.name), epoch: channel.epoch, line) }
            guard let last = page.last else { return }
            after = last.ref
        }
    }

    private func dump(_ log: LogName, _ line: (String) -> Void) throws(JournalError) {
        let epoch =
            switch log {
            case .job(let id): try inspection.reader.job(id)?.epoch
            case .channel(let name): try inspection.reader.channel(name)?.epoch
            }
        if let epoch { try dump(log, epoch: epoch, line) }
    }

    private func dump(_ log: LogName, epoch: Epoch, _ line: (String) -> Void) throws(JournalError) {
        let name = log.description
        try inspection.dump(log) { event throws(JournalError) in
            var writer = JSONWriter(reserving: event.data.bytes.count + 160)
            writer.beginObject()
            writer.member("log", name)
            writer.member("id", EventID(epoch: epoch, sequence: event.sequence).description)
            writer.member("event", event.name)
            writer.member("data", event.data)
            writer.member("time", event.time.description)
            writer.endObject()
            line(String(decoding: writer.bytes, as: UTF8.self))
        }
    }

    private func attempt<Value>(_ body: () throws(JournalError) -> Value) throws(StartFailure) -> Value {
        do throws(JournalError) {
            return try body()
        } catch {
            throw Self.failure(error, directory.journal)
        }
    }

    private static func failure(_ error: JournalError, _ path: String) -> StartFailure {
        StartFailure(.data, "\(path): \(error.description)")
    }
}
