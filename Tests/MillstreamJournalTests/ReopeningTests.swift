// What a journal file holds after an end, clean or not: everything, under the right epochs, with no number given twice.

import Foundation
import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJournalSQLite

@Suite struct ReopeningTests {
    private func open(_ path: String, _ synchronous: Synchronous = .full, seed: UInt64 = 1) throws -> SQLiteStore {
        try SQLiteStore(path: path, synchronous: synchronous, random: SeededRandom(seed: seed))
    }

    private func fill(_ store: SQLiteStore) throws {
        try store.commit([
            .insertJob(makeJob(1, "live")), .insertJob(makeJob(2, "ended", state: .completed)),
            .putChannel(makeChannel(3, "c", last: 1)), .append(LogRef(3), makeEvent(1), nil),
        ])
    }

    @Test(arguments: [Synchronous.off, .normal, .full])
    func aCleanEndKeepsEverythingAndTheEpochs(_ synchronous: Synchronous) throws {
        try TemporaryDirectory.with { directory in
            let store = try open(directory.journal, synchronous)
            #expect(store.wasClean)
            try fill(store)
            let before = try Observation(of: store)
            store.close()
            #expect(!FileManager.default.fileExists(atPath: directory.journal + "-wal"))
            let again = try open(directory.journal, synchronous)
            #expect(again.wasClean)
            #expect(try Observation(of: again) == before)
            again.close()
        }
    }

    @Test func anUncleanEndAfterFullCommitsKeepsTheEpochs() throws {
        try TemporaryDirectory.with { directory in
            let store = try open(directory.journal)
            try fill(store)
            let before = try Observation(of: store)
            // The copy is what a killed process leaves behind. What counts is the setting of the run that was killed.
            let copy = try open(directory.copyJournal(as: "copy"), .off)
            #expect(!copy.wasClean)
            #expect(try Observation(of: copy) == before)
            copy.close()
            store.close()
        }
    }

    @Test(arguments: [Synchronous.off, .normal])
    func anUncleanEndAfterLesserCommitsGivesEveryLogANewEpoch(_ synchronous: Synchronous) throws {
        try TemporaryDirectory.with { directory in
            let store = try open(directory.journal, synchronous)
            try fill(store)
            let path = try directory.copyJournal(as: "copy")
            let copy = try open(path, .full)
            let epoch = try #require(try copy.job(JobID("live")!)?.epoch)
            #expect(epoch != Epoch("aaaaaa"))
            #expect(try copy.job(JobID("ended")!)?.epoch == epoch)
            #expect(try copy.channel("c")?.epoch == epoch)
            #expect(try copy.jobs(JobFilter(), before: nil, limit: 9).allSatisfy { $0.epoch == epoch })
            #expect(try copy.makeReader().channel("c")?.epoch == epoch)
            // Logs made from now on have their own, and stay with it.
            try copy.commit([.insertJob(makeJob(4, "new", epoch: "nnnnnn")), .updateJob(makeJob(1, "live"))])
            #expect(try copy.job(JobID("new")!)?.epoch == Epoch("nnnnnn"))
            #expect(try copy.job(JobID("live")!)?.epoch == epoch)
            copy.close()
            let third = try open(path)
            #expect(third.wasClean)
            #expect(try third.job(JobID("live")!)?.epoch == epoch)
            #expect(try third.job(JobID("new")!)?.epoch == Epoch("nnnnnn"))
            third.close()
            store.close()
        }
    }

    @Test func aSecondUncleanEndGivesAnotherEpoch() throws {
        try TemporaryDirectory.with { directory in
            let store = try open(directory.journal, .normal)
            try fill(store)
            let second = try open(directory.copyJournal(as: "second"), .normal, seed: 2)
            let epoch = try second.channel("c")?.epoch
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(
                    atPath: directory.path + "/second" + suffix, toPath: directory.path + "/third" + suffix)
            }
            let third = try open(directory.path + "/third", .normal, seed: 3)
            #expect(try third.channel("c")?.epoch != epoch)
            #expect(try third.job(JobID("ended")!)?.epoch == third.channel("c")?.epoch)
            for store in [store, second, third] { store.close() }
        }
    }

    @Test func highestNumbersOutliveTheirRowsAndTheProcess() throws {
        try TemporaryDirectory.with { directory in
            let store = try open(directory.journal)
            var job = makeJob(41, "j")
            job.queueOrder = 17
            try store.commit([.insertJob(job), .putChannel(makeChannel(42, "c"))])
            try store.commit([.removeJob(LogRef(41)), .removeChannel(LogRef(42))])
            store.close()
            let again = try open(directory.journal)
            #expect(try again.highestRef == LogRef(42))
            #expect(try again.highestQueueOrder == 17)
            again.close()
        }
    }

    @Test func aLogTornAtAnyByteShowsWholeBatchesOnly() throws {
        try TemporaryDirectory.with { directory in
            let store = try open(directory.journal)
            for batch in Int64(0)..<12 {
                let range = (batch * 7 + 1)...(batch * 7 + 7)
                try store.commit(makeEvents(1, range) + [.putChannel(makeChannel(1, "c", last: range.upperBound))])
            }
            let log = try Data(contentsOf: URL(filePath: directory.journal + "-wal"))
            var seen: [Int64] = []
            // Every frame's border and places within; a frame is a page and 24 bytes, after a head of 32 bytes.
            // Behind them lie the zeros of the commits to come.
            let used = 32 + store.connection.walPages * (24 + 4096)
            let cuts = stride(from: 32, through: used, by: 24 + 4096).flatMap { [$0, $0 + 12, $0 + 2000] }
            for cut in cuts where cut <= log.count {
                let torn = directory.path + "/torn-\(cut)"
                try FileManager.default.copyItem(atPath: directory.journal, toPath: torn)
                try log.prefix(cut).write(to: URL(filePath: torn + "-wal"))
                // Cut before the layout itself was complete there is no journal yet, and a new one is made.
                let copy = try open(torn)
                let last = try copy.channel("c")?.lastSequence ?? 0
                #expect(try copy.allEvents(1).map(\.sequence) == Array(0..<last).map { $0 + 1 })
                #expect(last % 7 == 0)
                seen.append(last)
                copy.close()
                #expect(try findings(torn) == [])
            }
            #expect(seen == seen.sorted())
            #expect(Set(seen) == Set((0...12).map { $0 * 7 }))
            store.close()
        }
    }

    @Test func theLogsFileGrowsAheadOfTheCommitsThatWaitForTheDisk() throws {
        for synchronous in [Synchronous.full, .normal] {
            try TemporaryDirectory.with { directory in
                let store = try open(directory.journal, synchronous)
                defer { store.close() }
                var lengths: Set<Int> = []
                for sequence in Int64(1)...40 {
                    try store.commit(makeEvents(1, sequence...sequence))
                    lengths.insert(try Data(contentsOf: URL(filePath: directory.journal + "-wal")).count)
                }
                // Opening writes pages of its own, before the first commit looks at the file.
                #expect(lengths.count == (synchronous == .full ? 1 : 40))
                let copy = try open(directory.copyJournal(as: "copy"))
                #expect(try copy.allEvents(1).count == 40)
                copy.close()
            }
        }
    }

    @Test func aCommitAloneLeavesTheLogAsLongAsItMadeIt() throws {
        try TemporaryDirectory.with { directory in
            let store = try open(directory.journal)
            defer { store.close() }
            let length = { try Data(contentsOf: URL(filePath: directory.journal + "-wal")).count }
            let before = try length()
            try store.commitAlone(makeEvents(1, 1...1))
            let alone = try length()
            #expect(alone - before < 1 << 20)
            #expect(try store.allEvents(1).count == 1)
            store.makeRoom()
            #expect(try length() - alone >= 1 << 20)
        }
    }

    @Test func eachCommitIsInTheFilesWhenItReturns() throws {
        try TemporaryDirectory.with { directory in
            let store = try open(directory.journal)
            var batches = RandomBatches(random: SeededRandom(seed: 7))
            var model = JournalModel()
            for step in 0..<40 {
                let batch = batches.next(model)
                try store.commit(batch)
                model.apply(batch)
                let copy = try open(directory.copyJournal(as: "copy-\(step)"))
                #expect(try Observation(of: copy) == model.observation, "step \(step)")
                copy.close()
            }
            store.close()
        }
    }

    private func findings(_ path: String) throws -> [JournalFinding] {
        let inspection = try JournalInspection(path: path)
        defer { inspection.close() }
        var found: [JournalFinding] = []
        // Heads of these tests do not count bytes.
        try inspection.check { if $0.kind != .count || !$0.message.contains("bytes") { found.append($0) } }
        return found
    }
}
