// A commit as the journal's thread tells of it: notices of any number of logs, in the order in which things happened, with the text of
// all events written at once. The hub is told as the server tells it: events that follow one another together, the rest one by one.

import MillstreamJournal
import MillstreamStreams

struct TestCommit {
    enum Notice {
        /// The next of the texts.
        case events
        case status(LogName, LogExtent, snapshot: [UInt8])
        case trimmed(LogName, LogRef, through: Int64)
        case removed(LogName, LogRef)
    }

    private var notices: [Notice] = []
    private var texts = CommitTexts()

    var isEmpty: Bool { notices.isEmpty }
    /// How often it brings events of a log.
    var runCount: Int { texts.count }

    mutating func add(_ events: [EventRecord], to run: TestStore.Run, _ name: LogName) {
        texts.append(name, run.ref, run.epoch, events)
        notices.append(.events)
    }

    /// All but events.
    mutating func add(_ notice: Notice) { notices.append(notice) }

    func tell(_ hub: StreamHub) {
        var told = 0
        var waiting = 0
        for notice in notices {
            if case .events = notice {
                waiting += 1
                continue
            }
            hub.commit(texts, at: told..<(told + waiting))
            told += waiting
            waiting = 0
            switch notice {
            case .events: break
            case .status(let name, let extent, let snapshot): hub.statusChanged(name, extent) { snapshot }
            case .trimmed(let name, let ref, let through): hub.logTrimmed(name, ref, through: through)
            case .removed(let name, let ref): hub.logRemoved(name, ref)
            }
        }
        hub.commit(texts, at: told..<(told + waiting))
    }
}
