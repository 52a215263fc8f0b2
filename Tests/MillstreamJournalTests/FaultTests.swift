// A store on a disk that is full, read-only or damaged: named faults, nothing half stored, and work again once the fault is gone.

import Foundation
import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJournalSQLite

@Suite struct FaultTests {
    private func code(_ call: () throws -> Void) -> JournalError.Code? {
        do {
            try call()
            return nil
        } catch {
            return (error as? JournalError)?.code
        }
    }

    private func bigEvents(_ range: ClosedRange<Int64>, bytes: Int) -> [JournalMutation] {
        let data = "\"" + String(repeating: "x", count: bytes - 2) + "\""
        return range.map { .append(LogRef(1), makeEvent($0, data: data), nil) }
    }

    @Test func aFullStoreRefusesTheBatchAndTakesItOnceThereIsRoom() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal)
            try store.commit([.insertJob(makeJob(1, "j"))] + makeEvents(1, 1...3))
            try store.connection.execute("PRAGMA max_page_count = 60")
            let before = try Observation(of: store)
            let batch = [.insertJob(makeJob(2, "k"))] + bigEvents(4...100, bytes: 10_000)
            for _ in 0..<3 {
                #expect(code { try store.commit(batch) } == .full)
                #expect(try Observation(of: store) == before)
            }
            // What fits is still taken.
            try store.commit(makeEvents(1, 4...4))
            try store.connection.execute("PRAGMA max_page_count = 100000")
            try store.commit(bigEvents(5...100, bytes: 10_000))
            #expect(try store.allEvents(1).count == 100)
            store.close()
        }
    }

    @Test func aFullMemoryStoreRefusesTheBatchAndTakesItOnceThereIsRoom() throws {
        let store = MemoryStore(maxBytes: 100_000)
        try store.commit([.insertJob(makeJob(1, "j"))] + bigEvents(1...8, bytes: 10_000))
        let before = try Observation(of: store)
        #expect(code { try store.commit(bigEvents(9...10, bytes: 10_000)) } == .full)
        #expect(try Observation(of: store) == before)
        // Removals and additions of one batch count together.
        try store.commit([.trim(LogRef(1), through: 2)] + bigEvents(9...10, bytes: 10_000))
        #expect(try store.allEvents(1).map(\.sequence) == Array(3...10))
        try store.commit([.removeJob(LogRef(1))])
        #expect(try store.statistics().fileBytes == 0)
    }

    @Test(.enabled("needs root, to mount a small file system") { TinyFileSystem.isPossible })
    func aFullDiskIsNamedAndOvercome() throws {
        try TemporaryDirectory.with { directory in
            let disk = try TinyFileSystem(at: directory.path + "/disk", bytes: 2 << 20)
            defer { disk.unmount() }
            let store = try SQLiteStore(path: disk.path + "/journal.sqlite")
            try store.commit([.insertJob(makeJob(1, "j"))])
            var last: Int64 = 0
            while code({ try store.commit(bigEvents((last + 1)...(last + 5), bytes: 20_000)) }) == nil { last += 5 }
            #expect(code { try store.commit(bigEvents((last + 1)...(last + 5), bytes: 20_000)) } == .full)
            #expect(last > 0)
            #expect(try store.allEvents(1).map(\.sequence) == Array(0..<last).map { $0 + 1 })
            _ = code { _ = try store.maintain() }
            try disk.resize(bytes: 64 << 20)
            try store.commit(bigEvents((last + 1)...(last + 5), bytes: 20_000))
            #expect(try store.allEvents(1).count == Int(last + 5))
            store.close()
            let again = try SQLiteStore(path: disk.path + "/journal.sqlite")
            #expect(again.wasClean)
            #expect(try again.allEvents(1).count == Int(last + 5))
            again.close()
        }
    }

    /// One event a commit rewrites three pages for two kilobytes: the log takes six times the room of the database.
    @Test(.enabled("needs root, to mount a small file system") { TinyFileSystem.isPossible })
    func aLogUnderLoadLeavesTheDatabaseItsRoom() throws {
        try TemporaryDirectory.with { directory in
            let disk = try TinyFileSystem(at: directory.path + "/disk", bytes: 12 << 20)
            defer { disk.unmount() }
            let store = try SQLiteStore(path: disk.path + "/journal.sqlite")
            try store.commit([.insertJob(makeJob(1, "j"))])
            for sequence in Int64(1)...2500 { try store.commit(bigEvents(sequence...sequence, bytes: 2000)) }
            #expect(try store.allEvents(1).count == 2500)
            store.close()
        }
    }

    @Test(.enabled("needs root, to mount a small file system") { TinyFileSystem.isPossible })
    func aFullDiskIsLeftWithTheRoomThatTheLogNeedsToMove() throws {
        try TemporaryDirectory.with { directory in
            let disk = try TinyFileSystem(at: directory.path + "/disk", bytes: 32 << 20)
            defer { disk.unmount() }
            let store = try SQLiteStore(path: disk.path + "/journal.sqlite")
            try store.commit([.insertJob(makeJob(1, "j"))])
            var last: Int64 = 0
            while last < 700 {
                try store.commit(bigEvents((last + 1)...(last + 5), bytes: 2000))
                last += 5
            }
            let waiting = store.connection.walPages * 4096
            #expect(waiting > 2 << 20)
            // Somebody else takes all that was free.
            let used = Int(try store.statistics().fileBytes) + (64 << 10)
            try disk.resize(bytes: used)
            while code({ try store.commit(bigEvents((last + 1)...(last + 5), bytes: 2000)) }) == nil { last += 5 }
            #expect(try store.allEvents(1).count == Int(last))
            // The log needs its room once more in the database file, and then gives its own to the commits.
            try disk.resize(bytes: used + store.connection.walPages * 4096 + (512 << 10))
            for _ in 0..<700 {
                try store.commit(bigEvents((last + 1)...(last + 1), bytes: 2000))
                last += 1
            }
            #expect(try store.allEvents(1).count == Int(last))
            store.close()
        }
    }

    @Test func whatMayWaitInTheLogFollowsTheRoomOnTheDisk() {
        func bounds(_ freeMiB: Int) -> [Int] {
            let bound = LogBound(freeBytes: freeMiB << 20)
            return [bound.startBytes, bound.endBytes]
        }
        #expect(bounds(1 << 20) == [16 << 20, 64 << 20])
        #expect(bounds(16) == [4 << 20, 8 << 20])
        #expect(bounds(6) == [3 << 19, 3 << 20])
        #expect(bounds(0) == [256 << 10, 512 << 10])
    }

    @Test(.enabled("needs root, to mount a small file system") { TinyFileSystem.isPossible })
    func aDiskThatBecomesReadOnlyIsNamedAndOvercome() throws {
        try TemporaryDirectory.with { directory in
            let disk = try TinyFileSystem(at: directory.path + "/disk", bytes: 8 << 20)
            defer { disk.unmount() }
            let path = disk.path + "/journal.sqlite"
            let store = try SQLiteStore(path: path)
            try store.commit([.insertJob(makeJob(1, "j"))])
            store.close()
            try disk.setReadOnly(true)
            #expect(code { _ = try SQLiteStore(path: path) } == .readOnly)
            try disk.setReadOnly(false)
            let again = try SQLiteStore(path: path)
            #expect(try again.job(JobID("j")!) != nil)
            again.close()
        }
    }

    @Test func aStoreThatMayNotWriteSaysSoAndReadsOn() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal)
            try store.commit([.insertJob(makeJob(1, "j"))])
            try store.connection.execute("PRAGMA query_only = ON")
            #expect(code { try store.commit(makeEvents(1, 1...1)) } == .readOnly)
            #expect(try store.job(JobID("j")!) != nil)
            try store.connection.execute("PRAGMA query_only = OFF")
            try store.commit(makeEvents(1, 1...1))
            store.close()
        }
    }

    @Test func aLockedFileIsNamedAndOvercome() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal)
            store.connection.setBusyTimeout(milliseconds: 1)
            let other = try Connection(path: directory.journal, access: .write)
            try other.execute("BEGIN IMMEDIATE")
            #expect(code { try store.commit([.insertJob(makeJob(1, "j"))]) } == .locked)
            #expect(try store.job(JobID("j")!) == nil)
            try other.execute("ROLLBACK")
            try store.commit([.insertJob(makeJob(1, "j"))])
            other.close()
            store.close()
        }
    }

    @Test func aMissingDirectoryIsAnError() {
        #expect(code { _ = try SQLiteStore(path: "/nonexistent/journal.sqlite") } == .io)
        #expect(code { _ = try JournalInspection(path: "/nonexistent/journal.sqlite") } == .io)
    }

    @Test func whatIsNoJournalIsRefusedAndLeftAlone() throws {
        try TemporaryDirectory.with { directory in
            let text = Data(String(repeating: "no database ", count: 1000).utf8)
            try text.write(to: URL(filePath: directory.journal))
            #expect(code { _ = try SQLiteStore(path: directory.journal) } == .damaged)
            #expect(try Data(contentsOf: URL(filePath: directory.journal)) == text)

            let foreign = directory.path + "/foreign"
            let connection = try Connection(path: foreign, access: .create)
            try connection.execute("CREATE TABLE theirs (a); PRAGMA user_version = 1")
            connection.close()
            #expect(code { _ = try SQLiteStore(path: foreign) } == .damaged)
            #expect(code { _ = try JournalInspection(path: foreign) } == .damaged)
        }
    }

    /// Two rows of a page change places: a page after the last one then leads back to the first.
    @Test(.timeLimit(.minutes(5)), arguments: ["jobs", "channels", "events"])
    func rowsOutOfOrderAreDamageAndNoCircle(table: String) throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal)
            try store.commit([.insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b"))])
            try store.commit([.putChannel(makeChannel(3, "c")), .putChannel(makeChannel(4, "d"))])
            try store.commit([.append(LogRef(3), makeEvent(1), nil), .append(LogRef(4), makeEvent(1), nil)])
            let name = table == "events" ? "events_by_log" : table
            let root = try store.connection.number("SELECT rootpage FROM sqlite_schema WHERE name = '\(name)'")
            store.close()
            let file = URL(filePath: directory.journal)
            var bytes = try Data(contentsOf: file)
            // A leaf's cell pointers, two bytes each, begin behind its header of eight (fileformat2.html, section 1.6).
            let pointers = (Int(root) - 1) * 4096 + 8
            for index in pointers..<(pointers + 2) { bytes.swapAt(index, index + 2) }
            try bytes.write(to: file)

            let inspection = try JournalInspection(path: directory.journal)
            var findings: [String] = []
            try inspection.check(maxFindings: 100) { findings.append($0.message) }
            #expect(findings.contains { $0.contains("out of order") }, "\(findings)")
            inspection.close()
            if table == "channels" {
                let reader = try SQLiteReader(path: directory.journal)
                #expect(code { _ = try reader.channels(after: LogRef(0), limit: 10) } == .damaged)
            }
        }
    }

    /// Any page may be broken in any way: the store may say so or not notice, but it must neither trap nor loop.
    @Test func flippedBytesNeverEndTheProcess() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            var batches = RandomBatches(random: SeededRandom(seed: 3))
            var model = JournalModel()
            for _ in 0..<60 {
                let batch = batches.next(model)
                try store.commit(batch)
                model.apply(batch)
            }
            try store.commit(bigEvents(1...40, bytes: 9000))
            store.close()
            let sound = try Data(contentsOf: URL(filePath: directory.journal))
            let seed = UInt64.random(in: .min ... .max)
            print("flipped bytes: seed \(seed)")
            var random = SeededRandom(seed: seed)
            var damaged = 0
            for round in 0..<150 {
                var bytes = sound
                for _ in 0..<Int.random(in: 1...40, using: &random) {
                    bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                }
                if round % 10 == 0 { bytes.removeLast(bytes.count / 3) }
                let path = directory.path + "/round-\(round)"
                try bytes.write(to: URL(filePath: path))
                let outcome = code { try use(path) }
                if outcome == .damaged { damaged += 1 }
                #expect([nil, .damaged, .io, .newerSchema].contains(outcome), "seed \(seed), round \(round)")
            }
            #expect(damaged > 0, "seed \(seed)")
        }
    }

    private func use(_ path: String) throws {
        var first: (any Error)?
        func attempt(_ call: () throws -> Void) {
            do { try call() } catch { first = first ?? error }
        }
        attempt {
            let inspection = try JournalInspection(path: path)
            defer { inspection.close() }
            try inspection.check(maxFindings: 20) { _ in }
            attempt { try inspection.dump(.channel("c")) { _ in } }
        }
        attempt {
            let store = try SQLiteStore(path: path, synchronous: .off)
            defer { store.close() }
            attempt { _ = try Observation(of: store) }
            for ref in Names.refs { attempt { _ = try store.lastSequence(of: ref, olderThan: time(30)) } }
            attempt { try store.commit([.insertJob(makeJob(500, "a")), .putChannel(makeChannel(501, "z"))]) }
            attempt { try store.commit(makeEvents(500, 1...50)) }
            for ref in Names.refs { attempt { try store.commit([.removeJob(ref), .removeChannel(ref)]) } }
            attempt { for _ in 0..<20 where try store.maintain() {} }
        }
        if let first { throw first }
    }
}
