// Single pages of the journal file that are damaged, or older than the rest as after a power cut.

import Foundation
import MillstreamJournal
import Testing

@testable import MillstreamJournalSQLite

@Suite struct PageDamageTests {
    private static let pageBytes = 4096

    private func rootPage(of table: String, _ store: SQLiteStore) throws -> Int {
        Int(try store.connection.number("SELECT rootpage FROM sqlite_schema WHERE name = '\(table)'"))
    }

    private func bytes(ofPage page: Int) -> Range<Int> { (page - 1) * Self.pageBytes..<page * Self.pageBytes }

    @Test func aBrokenNewestPageOfEventsIsAFindingAndTheRestIsReadable() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal)
            try store.commit([.insertJob(makeJob(1, "j")), .putChannel(makeChannel(2, "c"))] + makeEvents(1, 1...2))
            try store.commit(makeEvents(2, 1...2_000))
            let root = try rootPage(of: "events", store)
            store.close()
            var file = try Data(contentsOf: URL(filePath: directory.journal))
            // Of an interior page: the number of its right-most child.
            let child = bytes(ofPage: root).lowerBound + 8
            let newest = file[child..<child + 4].reduce(0) { $0 << 8 | Int($1) }
            file.replaceSubrange(bytes(ofPage: newest), with: Data(count: Self.pageBytes))
            try file.write(to: URL(filePath: directory.journal))

            let inspection = try JournalInspection(path: directory.journal)
            defer { inspection.close() }
            var findings: [JournalFinding.Kind] = []
            try inspection.check { findings.append($0.kind) }
            #expect(findings.contains(.file))
            var seen: [Int64] = []
            try inspection.dump(.job(JobID("j")!)) { seen.append($0.sequence) }
            #expect(seen == [1, 2])
            let reader = try SQLiteReader(path: directory.journal)
            #expect(try reader.channel("c")?.ref == LogRef(2))
        }
    }

    /// Without a flush at commits, what says that the run has not ended is on the disk before anything that it writes.
    @Test func anUncleanEndIsSeenThoughNoCommitFlushes() throws {
        try TemporaryDirectory.with { directory in
            try SQLiteStore(path: directory.journal, synchronous: .off).close()
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            defer { store.close() }
            // The database file as it is after a power cut: with what was flushed at the start, and nothing of what came later.
            let cut = directory.path + "/cut"
            try FileManager.default.copyItem(atPath: directory.journal, toPath: cut)
            try store.commit([.insertJob(makeJob(1, "j"))] + makeEvents(1, 1...500))
            let again = try SQLiteStore(path: cut, synchronous: .off)
            defer { again.close() }
            #expect(!again.wasClean)
        }
    }
}
