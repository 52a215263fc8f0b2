// The rules for the events of one log, fed one event at a time. A value without any store.

import MillstreamJSON
import MillstreamJournal

/// Judges one log against its head.
struct LogCheck {
    enum End {
        /// A channel: terminal events have no meaning there, and publishers cannot make them.
        case never
        /// A job that has not ended: none yet.
        case open
        /// An ended job: exactly one, of this name, and last.
        case terminal(String)
    }

    typealias Finding = (JournalFinding.Kind, String)

    private let lastSequence: Int64
    private let logBytes: Int64
    private let trimmedThrough: Int64
    private let end: End
    /// The head is brought up with its log by the next start.
    private let mayLag: Bool
    private var expected: Int64
    private var bytes: Int64 = 0
    private var terminals: [(sequence: Int64, name: String)] = []

    private static let terminalNames: Set<String> = ["completed", "failed", "cancelled"]

    /// - Parameter mayLag: whether the log may be ahead of its head: commits of events alone write no heads, so after a kill the log of
    ///   what was under way is.
    init(lastSequence: Int64, trimmedThrough: Int64, logBytes: Int64, end: End, mayLag: Bool) {
        self.lastSequence = lastSequence
        self.trimmedThrough = trimmedThrough
        self.logBytes = logBytes
        self.end = end
        self.mayLag = mayLag
        // Numbers come from a file that may be damaged: no sum may trap.
        expected = trimmedThrough &+ 1
    }

    mutating func read(_ event: EventRecord) -> [Finding] {
        var findings: [Finding] = []
        if event.sequence != expected {
            findings.append((.log, "event \(expected) is missing before \(event.sequence)"))
        }
        expected = event.sequence &+ 1
        bytes &+= Int64(event.data.bytes.count)
        if (try? JSONText(validating: event.data.bytes)) != event.data {
            findings.append((.data, "data of event \(event.sequence) is not minified JSON"))
        }
        if !EventName.isValid(event.name) { findings.append((.data, "event \(event.sequence) has no valid name")) }
        if Self.terminalNames.contains(event.name), terminals.count < 3 {
            terminals.append((event.sequence, event.name))
        }
        return findings
    }

    mutating func finish() -> [Finding] {
        var findings: [Finding] = []
        let last = expected &- 1
        let lags = mayLag && last > lastSequence
        if last != lastSequence, !lags {
            findings.append((.log, "the last event is \(last), the head says \(lastSequence)"))
        }
        if bytes != logBytes, !lags || bytes < logBytes {
            findings.append((.count, "the log has \(bytes) bytes, the head says \(logBytes)"))
        }
        switch end {
        case .never: break
        case .open:
            if let first = terminals.first {
                findings.append((.terminal, "event \(first.sequence) ends a job that goes on"))
            }
        case .terminal(let name):
            // Retention may have taken the whole log.
            guard trimmedThrough < lastSequence else { break }
            if terminals.count != 1 || terminals[0].sequence != lastSequence || terminals[0].name != name {
                findings.append((.terminal, "the log does not end with one event \(name)"))
            }
        }
        return findings
    }
}
