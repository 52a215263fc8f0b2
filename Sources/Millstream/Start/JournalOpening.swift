// The store that the configuration asks for.

import MillstreamJournal
import MillstreamJournalSQLite

enum JournalOpening {
    static func open(_ settings: ServerConfiguration.Journal, path: String) throws(JournalError) -> any JournalStore {
        switch settings.store {
        case .memory: MemoryStore(maxBytes: settings.memoryBytes)
        case .sqlite:
            try SQLiteStore(
                path: path, synchronous: Synchronous(settings.synchronous), cacheBytes: settings.cacheBytes)
        }
    }
}

extension Synchronous {
    init(_ setting: ServerConfiguration.Journal.Synchronous) {
        switch setting {
        case .full: self = .full
        case .normal: self = .normal
        case .off: self = .off
        }
    }
}
