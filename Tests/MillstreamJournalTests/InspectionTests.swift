// The check finds what contradicts, says nothing of a sound journal, and compaction loses nothing.

import MillstreamJournal
import Testing

@testable import MillstreamJournalSQLite

@Suite struct InspectionTests {
    private func soundBatch() -> [JournalMutation] {
        // A long input lies apart from its job's row.
        var live = makeJob(1, "live", state: .inProgress, input: "\"" + String(repeating: "x", count: 300) + "\"")
        live.lastSequence = 2
        live.logBytes = 14
        var ended = makeJob(2, "ended", state: .completed)
        ended.result = StoredValue(json("[1]"))
        ended.lastSequence = 3
        ended.trimmedThrough = 1
        ended.logBytes = 14
        var channel = makeChannel(3, "c", last: 2)
        channel.logBytes = 14
        return [
            .insertJob(live), .insertJob(ended), .putChannel(channel), .append(LogRef(2), makeEvent(2), nil),
            .append(LogRef(2), makeEvent(3, "completed"), nil), .putIdempotency(makeKey("k", ref: 1)),
            .appendMessage(LogRef(1), MessageRecord(number: 1, body: json("1"), time: time(1))),
            .putUpload(makeUpload("u")), .useUpload("u", LogRef(1)),
        ] + makeEvents(1, 1...2) + makeEvents(3, 1...2)
    }

    private func check(_ path: String) throws -> [JournalFinding] {
        let inspection = try JournalInspection(path: path)
        defer { inspection.close() }
        let found = Findings()
        let count = try inspection.check { found.list.append($0) }
        #expect(count == found.list.count)
        return found.list
    }

    private final class Findings {
        var list: [JournalFinding] = []
    }

    @Test func aSoundJournalHasNoFindingsOpenOrClosedCleanlyOrNot() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal)
            try store.commit(soundBatch())
            #expect(try check(directory.copyJournal(as: "copy")) == [])
            store.close()
            #expect(try check(directory.journal) == [])
            let again = try SQLiteStore(path: directory.journal)
            #expect(again.wasClean)
            again.close()
        }
    }

    /// As a kill leaves it between two commits that write heads, and as nothing else does.
    @Test func aLogMayBeAheadOfItsHeadUntilTheNextStartAndNeverBehindIt() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal)
            try store.commit(soundBatch())
            try store.commit(makeEvents(1, 3...4) + makeEvents(3, 3...3))
            let killed = try directory.copyJournal(as: "killed")
            #expect(try check(killed) == [])
            let connection = try Connection(path: killed, access: .write)
            try connection.execute("DELETE FROM events WHERE ref = 1 AND seq > 1")
            connection.close()
            #expect(try check(killed).contains { $0.subject == "job:live" && $0.kind == .log })
            store.close()
            #expect(try check(directory.journal).contains { $0.subject == "job:live" && $0.kind == .log })
        }
    }

    @Test(arguments: [
        ("DELETE FROM events WHERE ref = 1 AND seq = 1", JournalFinding.Kind.log, "job:live"),
        ("DELETE FROM events WHERE ref = 3 AND seq = 2", .log, "channel:c"),
        ("UPDATE events SET name = 'completed' WHERE ref = 1 AND seq = 2", .terminal, "job:live"),
        ("UPDATE events SET name = 'failed' WHERE ref = 2 AND seq = 3", .terminal, "job:ended"),
        ("UPDATE events SET name = 'completed' WHERE ref = 2 AND seq = 2", .terminal, "job:ended"),
        ("UPDATE jobs SET finished_at = NULL WHERE ref = 2", .terminal, "job:ended"),
        ("UPDATE events SET data = x'7b' WHERE ref = 3 AND seq = 2", .data, "channel:c"),
        ("UPDATE results SET body = x'5b'", .data, "job:ended"),
        ("DELETE FROM inputs WHERE ref = 1", .data, "job:live"),
        ("UPDATE jobs SET input = NULL WHERE ref = 2", .data, "job:ended"),
        ("INSERT INTO events (ref, seq, name, data, time) VALUES (77, 1, 'x', x'31', 0)", .orphan, "log 77"),
        ("INSERT INTO upload_uses VALUES (77, 'u')", .orphan, "log 77"),
        ("DELETE FROM channels", .orphan, "log 3"),
        ("UPDATE store_state SET jobs = 9", .count, ""),
        ("UPDATE store_state SET highest_ref = 2", .count, ""),
        ("UPDATE jobs SET state = 99 WHERE ref = 1", .file, "log 1"),
        ("UPDATE jobs SET epoch = '' WHERE ref = 1", .file, "log 1"),
    ])
    func eachContradictionIsFound(_ change: String, _ kind: JournalFinding.Kind, _ subject: String) throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            try store.commit(soundBatch())
            store.close()
            let connection = try Connection(path: directory.journal, access: .write)
            try connection.execute(change)
            connection.close()
            let found = try check(directory.journal)
            #expect(found.contains { $0.kind == kind && $0.subject == subject }, "\(found)")
        }
    }

    @Test func theNumberOfFindingsIsBounded() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            for ref in Int64(1)...50 { try store.commit(makeEvents(ref, 1...1)) }
            store.close()
            let inspection = try JournalInspection(path: directory.journal)
            #expect(try inspection.check(maxFindings: 7) { _ in } == 7)
            inspection.close()
        }
    }

    @Test func compactionGivesSpaceBackAndLosesNothing() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            try store.commit(soundBatch())
            let data = "\"" + String(repeating: "x", count: 50_000) + "\""
            try store.commit((1...100).map { .append(LogRef(9), makeEvent($0, data: data), nil) })
            try store.commit([.trim(LogRef(9), through: 100)])
            let before = try Observation(of: store)
            store.close()
            let inspection = try JournalInspection(path: directory.journal)
            let large = try inspection.statistics()
            #expect(large.freeBytes > 4_000_000)
            try inspection.compact()
            let small = try inspection.statistics()
            #expect(small.freeBytes == 0)
            #expect(small.fileBytes < large.fileBytes - 4_000_000)
            inspection.close()
            let again = try SQLiteStore(path: directory.journal)
            #expect(try Observation(of: again) == before)
            again.close()
            #expect(try check(directory.journal) == [])
        }
    }

    @Test func aDumpGivesTheWholeLog() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            try store.commit([.insertJob(makeJob(1, "j")), .putChannel(makeChannel(2, "c"))])
            try store.commit(makeEvents(1, 1...1234) + makeEvents(2, 1...2))
            store.close()
            let inspection = try JournalInspection(path: directory.journal)
            func dump(_ log: LogName) throws -> [Int64] {
                var sequences: [Int64] = []
                try inspection.dump(log) { sequences.append($0.sequence) }
                return sequences
            }
            #expect(try dump(.job(JobID("j")!)) == Array(1...1234))
            #expect(try dump(.channel("c")) == [1, 2])
            #expect(try dump(.channel("none")) == [])
            inspection.close()
        }
    }
}
