import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct PublishingTests {
    private func event(_ attempt: Int?, _ sequence: Int64?) -> DraftEvent {
        DraftEvent("e", attempt: attempt, sequence: sequence)
    }

    @Test func sameAttemptAndSequenceAgainIsAnsweredWithTheFirstID() throws {
        let fixture = LedgerFixture()
        let record = try fixture.create()
        let first = try fixture.publish(record.id, event(1, 1)).get()
        #expect(first == ["\(record.epoch)-1"])
        _ = try fixture.publish(record.id, DraftEvent("between"))
        #expect(try fixture.publish(record.id, event(1, 1)).get() == first)
        #expect(try fixture.events(record.ref).count == 2)
    }

    @Test func pastAndFutureAttemptsAreRefused() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", attempts: 2)])
        let id = try fixture.create().id
        #expect(try fixture.publish(id, event(2, 1)) == .failure(.futureAttempt(current: 1)))
        try fixture.run(.finish(fixture.currentRun(id), .failed(.broken, retryable: true)))
        // Between two attempts there is none.
        #expect(try fixture.publish(id, event(1, 1)) == .failure(.pastAttempt(current: 2)))
        #expect(try fixture.publish(id, event(2, 1)) == .failure(.futureAttempt(current: 1)))
        try fixture.advance(by: 200)
        #expect(try fixture.publish(id, event(1, 1)) == .failure(.pastAttempt(current: 2)))
        #expect(try fixture.publish(id, event(1, nil)) == .failure(.pastAttempt(current: 2)))
        #expect(try fixture.publish(id, event(2, 1)) != .failure(.ended))
    }

    @Test func sequenceThatSkipsIsRefusedWithTheExpectedOne() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        #expect(try fixture.publish(id, event(1, 2)) == .failure(.sequenceGap(expected: 1)))
        _ = try fixture.publish(id, event(1, 1))
        #expect(try fixture.publish(id, event(1, 3)) == .failure(.sequenceGap(expected: 2)))
        #expect(try fixture.publish(id, event(1, 0)) == .failure(.sequenceGap(expected: 2)))
        #expect(try fixture.publish(id, event(1, .min)) == .failure(.sequenceGap(expected: 2)))
        #expect(try fixture.publish(id, event(1, .max)) == .failure(.sequenceGap(expected: 2)))
    }

    @Test func sequenceBeginsAtOneInEachAttempt() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", attempts: 2)])
        let id = try fixture.create().id
        _ = try fixture.publish(id, event(1, 1), event(1, 2))
        try fixture.run(.finish(fixture.currentRun(id), .failed(.broken, retryable: true)))
        try fixture.advance(by: 200)
        #expect(try fixture.publish(id, event(2, 3)) == .failure(.sequenceGap(expected: 1)))
        let epoch = try fixture.job(id).epoch
        #expect(try fixture.publish(id, event(2, 1)).get() == ["\(epoch)-4"])
    }

    @Test func knownEventsOfABatchAreSkippedAndTheRestIsAllOrNone() throws {
        let fixture = LedgerFixture()
        let record = try fixture.create()
        _ = try fixture.publish(record.id, event(1, 1), event(1, 2))
        let gap = try fixture.publish(record.id, event(1, 2), event(1, 3), event(1, 5))
        #expect(gap == .failure(.sequenceGap(expected: 3)), "of what is stored: 3 was not")
        #expect(try fixture.events(record.ref).count == 2)
        let ids = try fixture.publish(record.id, event(1, 1), event(1, 3), event(1, 3), event(1, 4), event(1, nil))
            .get()
        #expect(ids == [1, 3, 3, 4, 5].map { "\(record.epoch)-\($0)" })
        #expect(try fixture.events(record.ref).count == 5)
    }

    @Test func repeatedPublicationInOneBatchOfTheStoreAddsNothing() throws {
        let fixture = LedgerFixture()
        let record = try fixture.create()
        let publish = LedgerCommand.publish(.job(record.id), [event(1, 1)])
        for reply in try fixture.run(publish, publish) {
            guard case .published([EventID(epoch: record.epoch, sequence: 1)]) = reply else {
                Issue.record("\(String(describing: reply))")
                continue
            }
        }
        #expect(try fixture.events(record.ref).count == 1)
    }

    @Test func publishingToAnEndedOrUnknownJobIsRefused() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        let finish = LedgerCommand.finish(try fixture.currentRun(id), .completed(nil))
        let replies = try fixture.run(finish, .publish(.job(id), [event(nil, nil)]))
        guard case .refused(.ended) = replies[1] else { throw LedgerFixture.Unexpected() }
        #expect(try fixture.publish(id, event(1, 1)) == .failure(.ended))
        #expect(try fixture.publish(JobID(trusted: "none"), event(1, 1)) == .failure(.notFound))
    }

    @Test func reservedNamesAndTooLargeDataAreRefusedForTheWholeBatch() throws {
        let fixture = LedgerFixture(limits: LedgerLimits(maxEventBytes: 10))
        let record = try fixture.create()
        for name in EventName.reserved {
            #expect(
                try fixture.publish(record.id, event(nil, nil), DraftEvent(name)) == .failure(.reservedEventName(name)))
        }
        #expect(throws: Never.self) { try fixture.publish(record.id, DraftEvent("e", "\"12345678\"")).get() }
        let refused = try fixture.publish(record.id, DraftEvent("e", "\"123456789\""))
        #expect(refused == .failure(.eventTooLarge(maxBytes: 10)))
        #expect(try fixture.events(record.ref).count == 1)
    }

    @Test func waitingJobTakesEventsFromOutside() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        _ = try fixture.create()
        let id = try fixture.create().id
        _ = try fixture.publish(id, DraftEvent("e", #"{"progress":3}"#)).get()
        #expect(try fixture.job(id).progress == 3)
        #expect(try fixture.job(id).state == .queued)
    }

    @Test func channelIsMadeByItsFirstEventAndNumbersGoOnAfterARestart() throws {
        let fixture = LedgerFixture()
        let log = LogName.channel("c")
        guard case .published(let first) = try fixture.run(.publish(log, [DraftEvent("a"), DraftEvent("b")]))[0] else {
            throw LedgerFixture.Unexpected()
        }
        #expect(first.map(\.sequence) == [1, 2])
        try fixture.crash()
        guard case .published(let next) = try fixture.run(.publish(log, [DraftEvent("c")]))[0] else {
            throw LedgerFixture.Unexpected()
        }
        #expect(next == [EventID(epoch: first[0].epoch, sequence: 3)])
        #expect(try fixture.store.inner.channel("c")?.lastSequence == 3)
    }

    @Test func channelsTakeTheirLimitAndNotOneMore() throws {
        let fixture = LedgerFixture(limits: LedgerLimits(maxChannels: 2))
        for name in ["a", "b", "a"] { #expect(try fixture.refusal(.publish(.channel(name), [DraftEvent("e")])) == nil) }
        guard case .limit = try fixture.refusal(.publish(.channel("c"), [DraftEvent("e")])) else {
            throw LedgerFixture.Unexpected()
        }
        try fixture.run(.emitToChannel("c", DraftEvent("e")))
        try fixture.crash()
        guard case .limit = try fixture.refusal(.publish(.channel("c"), [DraftEvent("e")])) else {
            throw LedgerFixture.Unexpected()
        }
    }

    @Test func attemptThatADrainGaveBackMayPublishItsSequencesAgain() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        _ = try fixture.publish(id, event(1, 1), event(1, 2))
        try fixture.run(.releaseRunning)
        #expect(try fixture.publish(id, event(1, 3)) == .failure(.futureAttempt(current: 0)))
        try fixture.crash()
        try fixture.run()
        #expect(try fixture.job(id).attempt == 1)
        for sequence in 1...3 as ClosedRange<Int64> { _ = try fixture.publish(id, event(1, sequence)).get() }
        #expect(try fixture.events(fixture.job(id).ref).count == 5)
        #expect(try fixture.publish(id, event(1, 3)).get() == ["\(fixture.job(id).epoch)-5"])
    }

    @Test func eventsOfOneLogAreOneNoticeUntilAnotherNoticeOfTheLog() throws {
        let fixture = LedgerFixture()
        let one = try fixture.currentRun(fixture.create().id)
        let two = try fixture.currentRun(fixture.create().id)
        fixture.forgetNotices()
        try fixture.run(
            .emit(one, DraftEvent("a")), .emit(two, DraftEvent("a")), .emit(one, DraftEvent("b")),
            .emit(one, DraftEvent("input_required")), .emit(one, DraftEvent("c")), .emit(two, DraftEvent("b")))
        let told = fixture.witness.notices.map { notice in
            switch notice {
            case .events(_, let ref, _, let events):
                "\(ref == one.ref ? 1 : 2):" + events.map(\.name).joined(separator: ",")
            case .job(let record): record.state.word
            default: "?"
            }
        }
        #expect(told == ["1:a,b", "2:a,b", "input_required", "1:input_required,c"])
    }
}
