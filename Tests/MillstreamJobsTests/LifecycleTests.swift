import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct LifecycleTests {
    @Test func completionSetsProgressResultAndTheOneTerminalEvent() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        let run = try fixture.currentRun(id)
        let result = JSONText(trusted: Array("[1,2]".utf8))
        try fixture.run(.emit(run, DraftEvent("progress", #"{"progress":41.5}"#)), .finish(run, .completed(result)))
        let record = try fixture.job(id)
        #expect(record.state == .completed)
        #expect(record.progress == 100)
        #expect(record.result?.text == result)
        #expect(record.finishedAt == fixture.now.wall)
        let events = try fixture.events(run.ref)
        #expect(events.map(\.name) == ["progress", "completed"])
        #expect(events[1].data == JobObject.render(record, queuePosition: nil, includeInput: false))
        let stored = JobObject.render(try fixture.stored(id), queuePosition: nil, includeInput: false)
        #expect(stored == events[1].data)
    }

    @Test func statusNoticeNeverFollowsTheTerminalEvent() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        fixture.forgetNotices()
        try fixture.run(.finish(fixture.currentRun(id), .completed(nil)))
        guard case .job(let record) = fixture.witness.notices.first, case .events = fixture.witness.notices.last else {
            Issue.record("\(fixture.witness.notices)")
            return
        }
        #expect(record.lastSequence == 0)
        #expect(fixture.witness.notices.count == 2)
    }

    @Test func failureWithAttemptsLeftIsRetriedWithinTheBackoff() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", attempts: 3)])
        let id = try fixture.create().id
        let first = try fixture.currentRun(id)
        try fixture.run(.emit(first, DraftEvent("x")), .finish(first, .failed(.broken, retryable: true)))
        var record = try fixture.job(id)
        #expect(record.state == .retrying)
        #expect(record.error == .broken)
        let event = try #require(try fixture.events(record.ref).last)
        #expect(event.name == "retrying")
        let delay = try #require(event.data.member("delay_ms")?.intValue)
        #expect((0...100).contains(delay))
        #expect(event.data.member("attempt")?.intValue == 1)
        #expect(event.data.member("error")?.member("code")?.stringValue == "handler")
        #expect(event.data.member("retry_at")?.stringValue == record.dueAt?.description)
        try fixture.advance(by: Int64(delay))
        record = try fixture.job(id)
        #expect(record.state == .inProgress)
        #expect(record.attempt == 2)
        #expect(record.dueAt == nil)
    }

    @Test func lastAttemptFailsTheJobAndUnretryableFailureDoesAtOnce() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", attempts: 2)])
        let one = try fixture.create().id
        try fixture.run(.finish(fixture.currentRun(one), .failed(.broken, retryable: false)))
        #expect(try fixture.job(one).state == .failed)
        let two = try fixture.create().id
        try fixture.run(.finish(fixture.currentRun(two), .failed(.broken, retryable: true)))
        try fixture.advance(by: 200)
        #expect(try fixture.job(two).attempt == 2)
        try fixture.run(.finish(fixture.currentRun(two), .failed(.broken, retryable: true)))
        #expect(try fixture.job(two).state == .failed)
        #expect(fixture.witness.ended.count == 2)
    }

    @Test func backoffGrowsToItsBoundWithoutOverflow() {
        let policy = RetryPolicy(attempts: 1000, backoffMs: 100, maxBackoffMs: 1000)
        #expect([1, 2, 3, 4, 5, 900].map(policy.ceilingMs) == [100, 200, 400, 800, 1000, 1000])
        #expect(RetryPolicy(attempts: 9, backoffMs: .max / 2, maxBackoffMs: .max).ceilingMs(afterAttempt: 9) > 0)
        #expect(RetryPolicy(attempts: 9, backoffMs: 0).ceilingMs(afterAttempt: 9) == 0)
    }

    @Test func timeoutStopsTheWorkerAndFailsTheAttempt() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", timeoutMs: 1000, attempts: 1)])
        let id = try fixture.create().id
        let run = try fixture.currentRun(id)
        try fixture.advance(by: 999)
        #expect(fixture.witness.stops.isEmpty)
        try fixture.advance(by: 1)
        #expect(fixture.witness.stops == [run: 5000])
        #expect(try fixture.job(id).state == .inProgress)
        try fixture.run(.finish(run, .completed(nil)))
        #expect(try fixture.job(id).state == .failed)
        #expect(try fixture.job(id).error?.code == "timeout")
    }

    @Test func jobsOwnTimeoutComesBeforeTheKinds() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", timeoutMs: 1000)])
        let id = try fixture.create { $0.timeoutMs = 50 }.id
        try fixture.advance(by: 50)
        #expect(fixture.witness.stops.keys.map(\.id) == [id])
        _ = try fixture.create { $0.timeoutMs = .max }
    }

    @Test func silentWorkerIsGivenUpButItsPlaceStaysTaken() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1, timeoutMs: 1000, attempts: 2)])
        let id = try fixture.create().id
        let run = try fixture.currentRun(id)
        try fixture.advance(by: 1000 + 5000 + 1999)
        #expect(try fixture.job(id).state == .inProgress)
        try fixture.advance(by: 2000)
        #expect(try fixture.job(id).state == .queued)
        #expect(fixture.witness.starts.count == 1)
        let before = try fixture.events(run.ref).count
        try fixture.run(.emit(run, DraftEvent("late")))
        #expect(try fixture.events(run.ref).count == before)
        try fixture.run(.finish(run, .completed(nil)))
        #expect(try fixture.job(id).state == .inProgress)
        #expect(try fixture.job(id).attempt == 2)
    }

    @Test func waitingJobIsCancelledAtOnce() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1, attempts: 2)])
        let running = try fixture.create().id
        let queued = try fixture.create().id
        let scheduled = try fixture.create { $0.runAt = Timestamp(milliseconds: .max / 2) }.id
        try fixture.run(.cancel(queued), .cancel(scheduled))
        #expect(try fixture.job(queued).state == .cancelled)
        #expect(try fixture.job(queued).error?.code == "cancelled")
        #expect(try fixture.job(scheduled).state == .cancelled)
        try fixture.run(.finish(fixture.currentRun(running), .failed(.broken, retryable: true)), .cancel(running))
        #expect(try fixture.job(running).state == .cancelled)
        #expect(fixture.ledger.liveJobCount == 0)
    }

    @Test func runningJobIsCancelledWhenItsWorkerAnswersWhateverItSays() throws {
        for outcome: WorkerOutcome in [.stopped, .completed(nil), .failed(.broken, retryable: true)] {
            let fixture = LedgerFixture(kinds: [.swift("k", attempts: 3)])
            let id = try fixture.create().id
            let run = try fixture.currentRun(id)
            guard case .job(let asked, true) = try fixture.run(.cancel(id))[0] else { throw LedgerFixture.Unexpected() }
            #expect(asked.state == .inProgress)
            #expect(asked.cancelRequested)
            #expect(fixture.witness.stops == [run: 5000])
            guard case .job(_, false) = try fixture.run(.cancel(id))[0] else { throw LedgerFixture.Unexpected() }
            try fixture.run(.finish(run, outcome))
            #expect(try fixture.job(id).state == .cancelled)
        }
    }

    @Test func runningJobIsCancelledByForceAfterTheGrace() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        try fixture.run(.cancel(id))
        try fixture.advance(by: 6999)
        #expect(try fixture.job(id).state == .inProgress)
        try fixture.advance(by: 1)
        #expect(try fixture.job(id).state == .cancelled)
        #expect(fixture.ledger.takenPlaceCount == 1)
        try fixture.run(.finish(JobRun(ref: fixture.job(id).ref, id: id, attempt: 1), .stopped))
        #expect(fixture.ledger.takenPlaceCount == 0)
    }

    @Test func cancelOfAnEndedJobGivesTheJobAndOfAnUnknownOneIsNotFound() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        try fixture.run(.finish(fixture.currentRun(id), .completed(nil)))
        guard case .job(let record, false) = try fixture.run(.cancel(id))[0] else { throw LedgerFixture.Unexpected() }
        #expect(record.state == .completed)
        #expect(try fixture.refusal(.cancel(JobID(trusted: "none"))) == .notFound)
    }

    @Test func inputRequiredIsAStateUntilTheNextInput() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        let run = try fixture.currentRun(id)
        try fixture.run(.emit(run, DraftEvent("input_required", #"{"question":"which?"}"#)))
        #expect(try fixture.job(id).state == .inputRequired)
        try fixture.run(.emit(run, DraftEvent("still")))
        try fixture.run(.input(id, body: .emptyObject, uploads: []))
        #expect(try fixture.job(id).state == .inProgress)
        #expect(fixture.witness.delivered.map(\.number) == [1])
        #expect(try fixture.events(run.ref).map(\.name) == ["input_required", "still"])
    }

    @Test func messagesAreGivenToEachAttempt() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1, attempts: 2)])
        let other = try fixture.create().id
        let id = try fixture.create().id
        let input = LedgerCommand.input(id, body: .emptyObject, uploads: [])
        try fixture.run(input)
        try fixture.run(input, .finish(fixture.currentRun(other), .completed(nil)))
        #expect(fixture.witness.starts[1].messages.map(\.number) == [1, 2])
        try fixture.run(input)
        try fixture.run(.finish(fixture.currentRun(id), .failed(.broken, retryable: true)))
        try fixture.advance(by: 200)
        #expect(fixture.witness.starts[2].messages.map(\.number) == [1, 2, 3])
        #expect(fixture.witness.delivered.map(\.number) == [3])
    }

    @Test func inputAfterTheEndIsRefusedAndMessagesAreBounded() throws {
        let fixture = LedgerFixture(limits: LedgerLimits(maxMessagesPerJob: 1))
        let id = try fixture.create().id
        let input = LedgerCommand.input(id, body: .emptyObject, uploads: [])
        #expect(try fixture.refusal(input) == nil)
        #expect(try fixture.refusal(input) == .tooManyMessages(limit: 1))
        try fixture.run(.finish(fixture.currentRun(id), .completed(nil)))
        #expect(try fixture.refusal(input) == .ended)
        #expect(try fixture.refusal(.input(JobID(trusted: "none"), body: .null, uploads: [])) == .notFound)
    }

    @Test func jobOfAKindThatIsGoneFailsWhenItWouldStart() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        let running = try fixture.create().id
        let id = try fixture.create().id
        try fixture.run(.declareKinds([.swift("other")]))
        #expect(try fixture.job(id).error?.code == "unknown_kind")
        #expect(try fixture.refusal(.create(fixture.newJob())) == .unknownKind("k"))
        try fixture.run(.finish(fixture.currentRun(running), .completed(nil)))
        #expect(try fixture.job(running).state == .completed)
    }

    @Test func reservedEventNamesOfAWorkerAreDropped() throws {
        let fixture = LedgerFixture()
        let run = try fixture.currentRun(fixture.create().id)
        for name in EventName.reserved { try fixture.run(.emit(run, DraftEvent(name))) }
        try fixture.run(.emit(run, DraftEvent("bad name")))
        #expect(try fixture.events(run.ref).isEmpty)
    }

    @Test(arguments: [
        (#"{"progress":42}"#, 42), (#"{"a":1,"progress":250.5}"#, 100), (#"{"progress":-1}"#, 0),
        (#"{"progress":"42"}"#, nil), ("42", nil), (#"{"x":{"progress":7}}"#, nil),
        (#"{"pro\u0067ress":9}"#, 9), (#"{"progress":1e999}"#, nil), (#"{"progress":1e1}"#, 10),
        (#"{"a":[{"progress":1}],"progress":2}"#, 2), (#"{"a":{"b":1},"progress":2}"#, 2),
        (#"{"a":{"b":1,"progress":1}}"#, nil), (#"{"a":[1,"progress"],"b":3}"#, nil),
        (#"{"a":",\"progress\":1","progress":2}"#, 2), (#"{"a":"{\"progress\":1"}"#, nil),
        (#"{"a":"[","progress":2}"#, 2), (#"{"a":"\\","progress":2}"#, 2), (#"{"a":"progress","progress":2}"#, 2),
        (#"{"pro\u0067ress":9,"progress":2}"#, 9), (#"{"progress":3,"progress":4}"#, 3),
        (#"{"a":1,"progress":[5,6]}"#, nil), (#"{"a":1,"progress":{"b":5}}"#, nil), (#"{"a":1,"progress":"5,6"}"#, nil),
        (#"{"a":1,"progress":12.345678901234567}"#, 12.345678901234567), (#"{"progressed":5}"#, nil),
        (#"{"in_progress":5}"#, nil), (#"{"a":1,"progress":null}"#, nil), (#"{"a":1,"progress":7,"b":2}"#, 7),
    ])
    func numericProgressOfAnyEventIsTheJobs(data: String, progress: Double?) throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        try fixture.run(.emit(fixture.currentRun(id), DraftEvent("anything", data)))
        #expect(try fixture.job(id).progress == progress)
    }

    @Test func resultEventSetsTheResultWithoutAStatus() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        fixture.forgetNotices()
        try fixture.run(.emit(fixture.currentRun(id), DraftEvent("result", "[7]")))
        #expect(try fixture.job(id).result?.text?.text == "[7]")
        #expect(!fixture.witness.notices.contains { if case .job = $0 { true } else { false } })
        try fixture.run(.finish(fixture.currentRun(id), .completed(nil)))
        #expect(try fixture.stored(id).result?.text?.text == "[7]")
    }
}

extension LedgerFixture {
    func forgetNotices() { witness.forgetNotices() }
}
