import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct DrainTests {
    @Test func drainingRefusesJobsAndStartsNothing() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        let running = try fixture.create().id
        let queued = try fixture.create().id
        try fixture.run(.drain)
        #expect(try fixture.refusal(.create(fixture.newJob())) == .draining)
        try fixture.run(.finish(fixture.currentRun(running), .completed(nil)))
        #expect(try fixture.job(queued).state == .queued)
        #expect(try fixture.job(running).state == .completed)
    }

    @Test func releasedJobGoesBackToItsPlaceWithoutLosingAnAttempt() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
        let running = try fixture.create().id
        let queued = try fixture.create().id
        let run = try fixture.currentRun(running)
        try fixture.run(.releaseRunning)
        #expect(try fixture.job(running).state == .queued)
        #expect(try fixture.job(running).attempt == 0)
        #expect(try fixture.job(running).startedAt == nil)
        #expect(fixture.directory.queuePosition(of: running) == 1)
        #expect(fixture.directory.queuePosition(of: queued) == 2)
        #expect(fixture.witness.stops == [run: 1000])
        try fixture.run(.emit(run, DraftEvent("late")), .finish(run, .failed(.broken, retryable: false)))
        #expect(try fixture.job(running).state == .queued)
        #expect(fixture.ledger.takenPlaceCount == 0)
        try fixture.crash()
        try fixture.run()
        #expect(try fixture.job(running).state == .inProgress)
        #expect(try fixture.job(running).attempt == 1)
    }

    @Test func jobThatWasBeingCancelledIsCancelledByTheRelease() throws {
        let fixture = LedgerFixture()
        let id = try fixture.create().id
        try fixture.run(.cancel(id), .releaseRunning)
        #expect(try fixture.job(id).state == .cancelled)
    }
}
