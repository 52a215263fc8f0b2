import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct SimulationTests {
    /// Callers, workers, clocks, crashes and a store that refuses batches. The witness in the fixture checks every commit.
    @Test(arguments: 1...16 as ClosedRange<UInt64>)
    func everyAcknowledgedJobEndsOnceAndNothingIsNumberedTwice(seed: UInt64) throws {
        print("simulation seed \(seed)")
        var world = SimulatedWorld(seed: seed)
        for _ in 0..<400 {
            try step(&world)
            world.passTime()
            if world.random.chance(1) { try world.fixture.crash() }
        }
        try settle(&world)
        try checkTheEnd(of: world)
    }

    /// One batch. What workers say is kept and said again after a refusal, as the journal lane does.
    private func step(_ world: inout SimulatedWorld) throws {
        let fixture = world.fixture
        let commands = (0..<Int.random(in: 0...10, using: &world.random)).map { _ in world.command() }
        fixture.store.failsCommits = world.random.chance(15)
        let replies: [LedgerReply?]
        do {
            replies = try batch(commands, fixture)
        } catch {
            fixture.store.failsCommits = false
            let retained = commands.filter { !$0.isAnswered }
            _ = try batch(retained, fixture)
            return
        }
        fixture.store.failsCommits = false
        for case .job(let record, true)? in replies where !record.cancelRequested {
            world.acknowledged[record.ref] = record.id
        }
        for case .removed(_, let ref) in fixture.witness.notices { world.removed.insert(ref) }
        fixture.witness.forgetNotices()
    }

    private func batch(_ commands: [LedgerCommand], _ fixture: LedgerFixture) throws -> [LedgerReply?] {
        var replies: [LedgerReply?] = []
        for command in commands { replies.append(try fixture.ledger.apply(command, now: fixture.now)) }
        let waiting = Set(fixture.ledger.laneOrder.flatMap { $0.ready.refs })
        try fixture.ledger.advance(fixture.now)
        checkOrder(of: waiting, fixture.ledger)
        try fixture.commit()
        return replies
    }

    /// Whoever waited before `advance` and started in it was ahead of all that still wait; and no place is left free.
    private func checkOrder(of waiting: Set<LogRef>, _ ledger: JobLedger) {
        for lane in ledger.laneOrder {
            guard let first = lane.ready.first.flatMap({ ledger.entries[$0] }) else { continue }
            #expect(!lane.hasFreePlace || ledger.hasBacklog)
            for entry in ledger.entries.values where entry.lane === lane && waiting.contains(entry.ref) {
                if entry.record.state.isRunning { #expect(entry.queueKey < first.queueKey) }
            }
        }
    }

    /// All workers answer, and time passes until nothing is left to do.
    private func settle(_ world: inout SimulatedWorld) throws {
        let fixture = world.fixture
        for _ in 0..<2000 where fixture.ledger.liveJobCount > 0 || fixture.ledger.takenPlaceCount > 0 {
            try fixture.run(world.running.map { .finish($0, .completed(nil)) })
            fixture.pass(100)
        }
        #expect(fixture.ledger.liveJobCount == 0)
        #expect(fixture.ledger.takenPlaceCount == 0)
        #expect(fixture.ledger.timers.count == 0)
        #expect(fixture.ledger.schedule.count == 0)
        #expect(fixture.ledger.waitingCount == 0)
    }

    private func checkTheEnd(of world: SimulatedWorld) throws {
        let fixture = world.fixture
        #expect(world.acknowledged.count > 50)
        for (ref, id) in world.acknowledged where !world.removed.contains(ref) {
            let record = try #require(try fixture.store.inner.job(ref: ref), "job \(id) is lost")
            #expect(record.state.isTerminal)
            let attempts = SimulatedWorld.kinds.first { $0.name == record.kind }?.retries.attempts ?? 0
            #expect(record.attempt <= attempts)
            let events = try fixture.events(ref)
            #expect(events.map(\.sequence) == Array(1...record.lastSequence))
            #expect(events.last?.name == record.state.word)
            #expect(fixture.witness.ended[ref] == record.state.word)
            #expect(fixture.directory.merge(record).state == record.state)
        }
    }
}
