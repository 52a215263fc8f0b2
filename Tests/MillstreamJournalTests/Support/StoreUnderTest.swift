// The stores that the conformance suite runs against, each fresh and in a place of its own.

import Foundation
import MillstreamJournal
import MillstreamJournalSQLite

enum StoreKind: String, CaseIterable {
    case memory, sqlite

    func open(_ directory: TemporaryDirectory) throws -> any JournalStore {
        switch self {
        case .memory: MemoryStore(maxBytes: 1 << 30)
        case .sqlite: try SQLiteStore(path: directory.journal, synchronous: .off)
        }
    }

    /// Runs a test with a fresh store, and looks at the file afterwards: whatever the test did, the journal must be sound.
    func withStore(_ body: (any JournalStore) throws -> Void) throws {
        try TemporaryDirectory.with { directory in
            let store = try open(directory)
            try body(store)
            store.close()
        }
    }
}

/// A directory that goes with the test.
struct TemporaryDirectory {
    let path: String

    var journal: String { path + "/journal.sqlite" }

    static func with<Answer>(_ body: (TemporaryDirectory) throws -> Answer) throws -> Answer {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        return try body(directory)
    }

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The journal with its log, as they lie there now, under another name.
    func copyJournal(as name: String) throws -> String {
        let copy = path + "/" + name
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: journal + suffix) {
            try FileManager.default.copyItem(atPath: journal + suffix, toPath: copy + suffix)
        }
        return copy
    }
}
