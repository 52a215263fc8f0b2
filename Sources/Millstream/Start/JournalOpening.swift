// The store that the configuration asks for.

import MillstreamJournal
import MillstreamJournalSQLite

enum JournalOpening {
    /// What the memory store may hold; one more byte is answered as a full disk is.
    private static let maxMemoryBytes = 1 << 30

    static func open(_ settings: ServerConfiguration.Journal, path: String) throws(JournalError) -> any JournalStore {
        switch settings.store {
        case .memory: MemoryStore(maxBytes: maxMemoryBytes)
        case .sqlite: try SQLiteStore(path: path, synchronous: Synchronous(settings.synchronous))
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
