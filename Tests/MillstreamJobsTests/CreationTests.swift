import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct CreationTests {
    @Test func jobStartsInTheBatchThatCreatesItWhenAPlaceIsFree() throws {
        let fixture = LedgerFixture()
        let record = try fixture.create()
        #expect(record.state == .inProgress)
        #expect(record.attempt == 1)
        #expect(record.startedAt == fixture.now.wall)
        #expect(try fixture.stored(record.id).state == .inProgress)
        #expect(fixture.witness.starts.count == 1)
        #expect(fixture.store.lastBatch.count == 1)
        #expect(fixture.witness.notices.count == 1)
    }

    @Test func jobWaitsWhenAllPlacesAreTakenAndStartsWhenOneIsFreed() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        let first = try fixture.create()
        let second = try fixture.create()
        #expect(second.state == .queued)
        #expect(fixture.directory.queuePosition(of: second.id) == 1)
        try fixture.run(.finish(fixture.currentRun(first.id), .completed(nil)))
        #expect(try fixture.job(second.id).state == .inProgress)
        #expect(fixture.directory.queuePosition(of: second.id) == nil)
    }

    @Test func higherPriorityStartsFirstAndEqualOnesInTheirOrder() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        var running = try fixture.create().id
        let ids = try [0, 5, -5, 5, 100].map { priority in try fixture.create { $0.priority = priority }.id }
        #expect(ids.map { fixture.directory.queuePosition(of: $0) } == [4, 2, 5, 3, 1])
        for expected in [4, 1, 3, 0, 2] {
            try fixture.run(.finish(fixture.currentRun(running), .completed(nil)))
            running = ids[expected]
            #expect(try fixture.job(running).state == .inProgress)
        }
    }

    @Test func runAtInTheFutureIsKeptUntilThen() throws {
        let fixture = LedgerFixture()
        let at = Timestamp(milliseconds: fixture.now.wall.milliseconds + 90_000)
        let record = try fixture.create { $0.runAt = at }
        #expect(record.state == .scheduled)
        #expect(record.dueAt == at)
        try fixture.advance(by: 89_999)
        #expect(try fixture.job(record.id).state == .scheduled)
        try fixture.advance(by: 1)
        #expect(try fixture.job(record.id).state == .inProgress)
        #expect(try fixture.job(record.id).runAt == at)
    }

    @Test func clockSetForwardMakesScheduledJobsDueWithinAMinute() throws {
        let fixture = LedgerFixture()
        let record = try fixture.create {
            $0.runAt = Timestamp(milliseconds: fixture.now.wall.milliseconds + 7_200_000)
        }
        let next = try #require(fixture.ledger.nextDeadlineMs)
        #expect(next - fixture.now.monotonicMs == 60_000)
        fixture.now.wall = Timestamp(milliseconds: fixture.now.wall.milliseconds + 7_200_000)
        fixture.now.monotonicMs = next
        try fixture.run()
        #expect(try fixture.job(record.id).state == .inProgress)
    }

    @Test func unknownKindIsRefused() throws {
        let fixture = LedgerFixture()
        #expect(try fixture.refusal(.create(fixture.newJob("other"))) == .unknownKind("other"))
        #expect(fixture.store.lastBatch.isEmpty)
    }

    @Test func queueTakesItsLimitAndNotOneMore() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)], limits: LedgerLimits(maxQueuedJobs: 2))
        let replies = try fixture.run((0..<4).map { _ in .create(fixture.newJob()) })
        let refused = replies.map { reply in if case .refused(.queueFull(limit: 2)) = reply { true } else { false } }
        #expect(refused == [false, false, false, true])
        #expect(fixture.ledger.liveJobCount == 3)
    }

    @Test func callersIDOfALiveJobIsInUse() throws {
        let fixture = LedgerFixture()
        let id = JobID(trusted: "mine")
        _ = try fixture.create { $0.id = id }
        #expect(try fixture.refusal(.create(fixture.newJob { $0.id = id })) == .idInUse(id))
    }

    @Test(arguments: [true, false]) func callersIDOfAnEndedJobBeginsANewRun(inOneBatch: Bool) throws {
        let fixture = LedgerFixture()
        let id = JobID(trusted: "mine")
        let first = try fixture.create { $0.id = id }
        let finish = LedgerCommand.finish(try fixture.currentRun(id), .completed(nil))
        let again = LedgerCommand.create(fixture.newJob { $0.id = id })
        if inOneBatch { try fixture.run(finish, again) } else { _ = (try fixture.run(finish), try fixture.run(again)) }
        let second = try fixture.job(id)
        #expect(second.ref != first.ref)
        #expect(second.epoch != first.epoch)
        #expect(second.lastSequence == 0)
        #expect(try fixture.events(first.ref).isEmpty)
        let removed = fixture.witness.notices.contains { if case .removed(_, first.ref) = $0 { true } else { false } }
        #expect(removed)
    }

    @Test func jobEndedAndBegunAnewInTheBatchThatMadeItKeepsTheStoreConsistent() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        _ = try fixture.create()
        let id = JobID(trusted: "mine")
        let create = LedgerCommand.create(fixture.newJob { $0.id = id })
        let replies = try fixture.run(create, .cancel(id), create, .cancel(id), create)
        #expect(replies.count == 5)
        #expect(try fixture.stored(id).state == .queued)
        #expect(fixture.directory.liveJobCount == 2)
    }

    @Test(arguments: [true, false]) func repeatedIdempotencyKeyGivesTheSameJob(inOneBatch: Bool) throws {
        let fixture = LedgerFixture()
        let create = LedgerCommand.create(
            fixture.newJob { $0.idempotency = IdempotencyKey(key: "once", fingerprint: 7) })
        let replies =
            inOneBatch ? try fixture.run(create, create) : [try fixture.run(create)[0], try fixture.run(create)[0]]
        guard case .job(let first, true) = replies[0], case .job(let second, false) = replies[1] else {
            Issue.record("\(replies)")
            return
        }
        #expect(first.ref == second.ref)
        #expect(fixture.ledger.liveJobCount == 1)
        let other = LedgerCommand.create(
            fixture.newJob { $0.idempotency = IdempotencyKey(key: "once", fingerprint: 8) })
        #expect(try fixture.refusal(other) == .idempotencyMismatch)
    }

    @Test func idempotencyKeyGivesTheJobAfterItsEndAndIsForgottenAfterADay() throws {
        let fixture = LedgerFixture()
        let new = fixture.newJob { $0.idempotency = IdempotencyKey(key: "once", fingerprint: 7) }
        let first = try fixture.create { $0 = new }
        try fixture.run(.finish(fixture.currentRun(first.id), .completed(nil)))
        fixture.pass(86_399_999)
        guard case .job(let again, false) = try fixture.run(.create(new))[0] else { throw LedgerFixture.Unexpected() }
        #expect(again.state == .completed)
        fixture.pass(1)
        #expect(try fixture.create { $0 = new }.ref != first.ref)
    }

    @Test func uploadsMustExistAndAreMarkedUsed() throws {
        let fixture = LedgerFixture()
        let upload = UploadRecord(
            id: "u1", name: "a.wav", contentType: "audio/wav", byteCount: 9, createdAt: fixture.now.wall)
        let create = LedgerCommand.create(fixture.newJob { $0.uploads = ["u1"] })
        #expect(try fixture.refusal(create) == .unknownUpload("u1"))
        try fixture.run(.registerUpload(upload), create)
        #expect(fixture.store.lastBatch.contains { if case .useUpload("u1", _) = $0 { true } else { false } })
    }

    @Test func largeInputIsNotHeldButGivenToTheWorker() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        let input = JSONText.string(String(repeating: "x", count: 5000))
        let first = try fixture.create { $0.input = input }
        let second = try fixture.create { $0.input = input }
        #expect(second.input.text == input)
        #expect(try fixture.job(second.id).input.text == nil)
        try fixture.run(.finish(fixture.currentRun(first.id), .completed(nil)))
        #expect(fixture.witness.starts.map(\.input) == [input, input])
    }

    @Test func madeIDsAreUUIDsOfVersionSevenThatSortByTime() throws {
        let fixture = LedgerFixture()
        let first = try fixture.create().id.text
        fixture.pass(1)
        let second = try fixture.create().id.text
        for id in [first, second] {
            #expect(id.utf8.count == 36)
            #expect(Array(id)[14] == "7")
            #expect("89ab".contains(Array(id)[19]))
        }
        #expect(first < second)
    }

    @Test func storeFaultDuringALookupChangesNothing() throws {
        let fixture = LedgerFixture()
        let before = fixture.ledger.dump()
        fixture.store.readsUntilFault = 0
        #expect(throws: JournalError.self) {
            try fixture.run(.create(fixture.newJob { $0.id = JobID(trusted: "mine") }))
        }
        #expect(fixture.ledger.dump() == before)
        #expect(fixture.ledger.takeOutcome().mutations.isEmpty)
    }
}
