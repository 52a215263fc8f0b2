import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct RollBackTests {
    /// Random histories; before every batch that counts, the same kind of batch is made and taken back.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func rollBackRestoresTheLedgerExactly(seed: UInt64) throws {
        var world = SimulatedWorld(
            seed: seed,
            retention: RetentionPolicy(
                maxEventsPerLog: 8, maxBytesPerLog: 4000, maxEventAgeMs: 3000, endedJobAgeMs: 4000, channelIdleMs: 2000)
        )
        let fixture = world.fixture
        var undone = 0
        for step in 0..<250 {
            let before = fixture.ledger.dump()
            let stats = try fixture.store.inner.statistics()
            fixture.store.failsCommits = world.random.chance(60)
            do {
                for _ in 0..<Int.random(in: 0...8, using: &world.random) {
                    let reply = try fixture.ledger.apply(world.command(), now: fixture.now)
                    if case .job(let record, true) = reply, !fixture.store.failsCommits {
                        world.acknowledged[record.ref] = record.id
                    }
                }
                if world.random.chance(2) { _ = try fixture.ledger.apply(.releaseRunning, now: fixture.now) }
                if world.random.chance(3) {
                    _ = try fixture.ledger.apply(.declareKinds([SimulatedWorld.kinds[1]]), now: fixture.now)
                }
                if world.random.chance(30) { _ = try fixture.ledger.sweep(fixture.now) }
                try fixture.ledger.advance(fixture.now)
                try fixture.commit()
            } catch {
                undone += 1
                let after = fixture.ledger.dump()
                #expect(after == before, "seed \(seed), step \(step)")
                #expect(fixture.ledger.inconsistencies() == [])
                #expect(try fixture.store.inner.statistics() == stats)
            }
            fixture.store.failsCommits = false
            if fixture.ledger.isDraining { try fixture.crash() }
            world.passTime()
        }
        #expect(undone > 50)
    }

    @Test func commandsAppliedAgainAfterARollBackHaveTheSameEffect() throws {
        let fixture = LedgerFixture(kinds: [.swift("k", attempts: 2)])
        let id = try fixture.create().id
        let run = try fixture.currentRun(id)
        let commands: [LedgerCommand] = [
            .emit(run, DraftEvent("progress", #"{"progress":5}"#)), .finish(run, .failed(.broken, retryable: true)),
        ]
        fixture.store.failsCommits = true
        for _ in 0..<3 { #expect(throws: JournalError.self) { try fixture.run(commands) } }
        #expect(try fixture.job(id).state == .inProgress)
        fixture.store.failsCommits = false
        try fixture.run(commands)
        #expect(try fixture.events(run.ref).map(\.name) == ["progress", "retrying"])
        #expect(try fixture.job(id).state == .retrying)
    }

    @Test func faultOfAnyReadLeavesTheCommandUndone() throws {
        for fault in 0..<4 {
            let fixture = LedgerFixture(kinds: [.swift("k", concurrency: 1)])
            let upload = UploadRecord(id: "u", name: "", contentType: "", byteCount: 0, createdAt: fixture.now.wall)
            try fixture.run(.registerUpload(upload))
            let id = JobID(trusted: "mine")
            _ = try fixture.create { $0.id = id }
            try fixture.run(.finish(fixture.currentRun(id), .completed(nil)))
            let before = fixture.ledger.dump()
            let create = LedgerCommand.create(
                fixture.newJob {
                    $0.id = id
                    $0.uploads = ["u"]
                    $0.idempotency = IdempotencyKey(key: "key", fingerprint: 1)
                })
            fixture.store.readsUntilFault = fault
            let reply = try? fixture.ledger.apply(create, now: fixture.now)
            fixture.store.readsUntilFault = nil
            #expect((reply == nil) == (fault < 3), "fault at read \(fault)")
            if reply == nil { #expect(fixture.ledger.dump() == before) }
        }
    }
}
