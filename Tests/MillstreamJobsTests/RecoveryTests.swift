import MillstreamJSON
import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJobs

struct RecoveryTests {
    @Test func runningJobIsRetriedOrFailedAsItsKindSays() throws {
        let fixture = LedgerFixture(kinds: [
            .swift("again", attempts: 2, onCrash: .retry), .swift("never", attempts: 2),
            .swift("once", onCrash: .retry),
        ])
        let ids = try ["again", "never", "once"].map { try fixture.create($0).id }
        try fixture.crash()
        #expect(try ids.map { try fixture.stored($0).state } == [.retrying, .failed, .failed])
        #expect(try ids.map { try fixture.stored($0).error?.code } == ["crashed", "crashed", "crashed"])
        #expect(fixture.ledger.nextDeadlineMs == fixture.now.monotonicMs)
        try fixture.run()
        #expect(try fixture.job(ids[0]).attempt == 2)
        #expect(try fixture.events(fixture.job(ids[0]).ref).map(\.name) == ["retrying"])
    }

    @Test func cancelThatWasAskedForIsCompletedAfterACrash() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", attempts: 3, onCrash: .retry)])
        let id = try fixture.create().id
        try fixture.run(.cancel(id))
        try fixture.crash()
        #expect(try fixture.stored(id).state == .cancelled)
    }

    @Test func headAndProgressAreTakenFromTheLog() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", attempts: 2, onCrash: .retry)])
        let id = try fixture.create().id
        let run = try fixture.currentRun(id)
        for step in 1...300 { try fixture.run(.emit(run, DraftEvent("progress", "{\"progress\":\(step / 10)}"))) }
        #expect(try fixture.stored(id).lastSequence == 0)
        try fixture.crash()
        let record = try fixture.job(id)
        #expect(record.progress == 30)
        #expect(record.lastSequence == 301)
        #expect(try fixture.stored(id).lastSequence == 301)
        let bytes = try fixture.events(run.ref).reduce(0) { $0 + $1.data.bytes.count }
        #expect(try fixture.stored(id).logBytes == Int64(bytes))
    }

    @Test func queueKeepsItsOrderAndSchedulesTheirTimes() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        let running = try fixture.create().id
        let ids = try [0, 5, 0].map { priority in try fixture.create { $0.priority = priority }.id }
        let at = Timestamp(milliseconds: fixture.now.wall.milliseconds + 60_000)
        let scheduled = try fixture.create { $0.runAt = at }.id
        try fixture.crash()
        #expect(try fixture.stored(running).state == .failed)
        #expect(ids.map { fixture.directory.queuePosition(of: $0) } == [2, 1, 3])
        try fixture.run()
        #expect(try fixture.job(ids[1]).state == .inProgress)
        #expect(try fixture.job(scheduled).state == .scheduled)
        #expect(try fixture.create().queueOrder > fixture.job(scheduled).queueOrder)
        try fixture.run(.cancel(ids[0]), .cancel(ids[2]), .finish(fixture.currentRun(ids[1]), .completed(nil)))
        try fixture.advance(by: 60_000)
        #expect(try fixture.job(scheduled).state == .queued)
    }

    @Test func processGroupsLeftBehindAreEndedOnce() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", attempts: 2, onCrash: .retry)])
        let id = try fixture.create().id
        let group = ProcessGroup(id: 77, startTicks: 5, bootID: "b")
        try fixture.run(.noteProcess(fixture.currentRun(id), group))
        try fixture.crash()
        #expect(fixture.witness.endedGroups == [group])
        #expect(try fixture.stored(id).processGroup == nil)
        try fixture.crash()
        #expect(fixture.witness.endedGroups == [group])
    }

    @Test func manyPagesOfJobsComeBack() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        try fixture.run((0..<700).map { _ in .create(fixture.newJob()) })
        try fixture.crash()
        #expect(fixture.directory.liveJobCount == 699)
        #expect(fixture.ledger.liveJobCount == 699)
    }

    @Test func recoveryThatCannotReadLeavesNothingAndMayBeRepeated() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        for _ in 0..<3 { _ = try fixture.create() }
        let reads = 6
        for fault in 0..<reads {
            let ledger = JobLedger(kinds: fixture.kinds, store: fixture.store, random: SeededRandom(seed: 3))
            let empty = ledger.dump()
            fixture.store.readsUntilFault = fault
            let outcome = try? ledger.recover(fixture.now)
            fixture.store.readsUntilFault = nil
            if outcome == nil { #expect(ledger.dump() == empty) }
            #expect(fault < 5 || outcome != nil)
        }
    }

    @Test func resultsAndMessagesOfARetriedJobSurvive() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", attempts: 2, onCrash: .retry)])
        let id = try fixture.create { $0.input = .string(String(repeating: "i", count: 20_000)) }.id
        let result = String(repeating: "r", count: 20_000)
        try fixture.run(
            .input(id, body: .null, uploads: []), .emit(fixture.currentRun(id), DraftEvent("result", "\"\(result)\"")))
        try fixture.crash()
        #expect(try fixture.stored(id).result?.text?.stringValue == result)
        fixture.witness.forgetStarts()
        try fixture.run()
        #expect(fixture.witness.starts.first?.messages.count == 1)
        #expect(fixture.witness.starts.first?.input.bytes.count == 20_002)
    }
}
