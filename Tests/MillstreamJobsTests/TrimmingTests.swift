// A log's bounds hold at any rate, and in the end without another event: whoever adds pays for what goes.

import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct TrimmingTests {
    private static let bound: Int64 = 1000
    /// Of one batch: several times what one trim takes when little is added.
    private static let batch = 5000

    private func fixture(_ bytes: Int64 = 64 << 20) -> LedgerFixture {
        LedgerFixture(retention: RetentionPolicy(maxEventsPerLog: Self.bound, maxBytesPerLog: bytes))
    }

    private func burst(_ run: JobRun, data: String = "{}") -> [LedgerCommand] {
        [LedgerCommand](repeating: .emit(run, DraftEvent("e", data)), count: Self.batch)
    }

    private func expectNewest(_ fixture: LedgerFixture, _ ref: LogRef, through last: Int64) throws {
        #expect(try fixture.events(ref).map(\.sequence) == Array(last - Self.bound + 1...last))
    }

    @Test func retentionKeepsPaceWithBatchesOfAnySize() throws {
        let fixture = fixture()
        let run = try fixture.currentRun(fixture.create().id)
        let channel = [DraftEvent](repeating: DraftEvent("e"), count: Self.batch)
        for _ in 0..<10 {
            try fixture.run(burst(run) + [.publish(.channel("c"), channel)])
            let most = Int(Self.bound + Self.bound / 8) + Self.batch
            #expect(try fixture.events(run.ref).count <= most)
            let ref = try #require(try fixture.store.inner.channel("c")).ref
            #expect(try fixture.events(ref).count <= most)
        }
        try fixture.advance(by: 0)
        try expectNewest(fixture, run.ref, through: 50_000)
        let head = try #require(try fixture.store.inner.channel("c"))
        try expectNewest(fixture, head.ref, through: 50_000)
        #expect(head.trimmedThrough == 49_000 && head.logBytes == 2 * Self.bound)
        #expect(fixture.ledger.nextDeadlineMs == nil)
    }

    @Test func bytesKeepPaceToo() throws {
        let fixture = fixture(8 << 10)
        let run = try fixture.currentRun(fixture.create().id)
        let data = "\"" + String(repeating: "x", count: 1022) + "\""
        for _ in 0..<4 {
            try fixture.run(burst(run, data: data))
            #expect(try fixture.events(run.ref).count <= 9 + Self.batch)
        }
        try fixture.advance(by: 0)
        #expect(try fixture.events(run.ref).map(\.sequence) == Array(19_993...20_000))
    }

    @Test func logOfAJobThatEndsIsTrimmedAllTheSame() throws {
        let fixture = fixture()
        let run = try fixture.currentRun(fixture.create().id)
        try fixture.run(burst(run) + [.emit(run, DraftEvent("result", "7")), .finish(run, .completed(nil))])
        #expect(try fixture.events(run.ref).count == Self.batch + 2)
        try fixture.advance(by: 0)
        try expectNewest(fixture, run.ref, through: 5002)
        let stored = try fixture.stored(run.id)
        #expect(stored.state == .completed && stored.result?.text?.text == "7")
        #expect(stored.trimmedThrough == 4002)
        #expect(stored.logBytes == Int64(try fixture.events(run.ref).reduce(0) { $0 + $1.data.bytes.count }))
        #expect(try fixture.job(run.id).trimmedThrough == 4002)
        #expect(fixture.ledger.nextDeadlineMs == nil)
    }

    /// An eighth beyond the bound is no reason to trim while events come; it is one when none come any more.
    @Test func quietLogsComeIntoTheirBounds() throws {
        let fixture = fixture()
        let run = try fixture.currentRun(fixture.create().id)
        let ending = try fixture.currentRun(fixture.create().id)
        let events = [DraftEvent](repeating: DraftEvent("e"), count: 1100)
        for run in [run, ending] { try fixture.run(events.map { .emit(run, $0) }) }
        try fixture.run(.publish(.channel("c"), events), .finish(ending, .completed(nil)))
        try fixture.advance(by: 0)
        try expectNewest(fixture, ending.ref, through: 1101)
        #expect(try fixture.events(run.ref).count == 1100)
        try fixture.sweep()
        try fixture.advance(by: 0)
        try expectNewest(fixture, run.ref, through: 1100)
        let channel = try #require(try fixture.store.inner.channel("c"))
        try expectNewest(fixture, channel.ref, through: 1100)
    }

    @Test func logsThatOutlivedTheirProcessAreTrimmedByTheNext() throws {
        let fixture = fixture()
        let ended = try fixture.currentRun(fixture.create().id)
        let live = try fixture.currentRun(fixture.create().id)
        let events = [DraftEvent](repeating: DraftEvent("e"), count: Self.batch)
        try fixture.run(
            burst(ended) + burst(live) + [
                .publish(.channel("c"), events), .finish(ended, .completed(JSONText(trusted: Array("7".utf8)))),
            ])
        let channel = try #require(try fixture.store.inner.channel("c"))
        for ref in [ended.ref, live.ref, channel.ref] { #expect(try fixture.events(ref).count >= Self.batch) }
        try fixture.crash()
        try fixture.sweep()
        try fixture.advance(by: 0)
        try expectNewest(fixture, ended.ref, through: 5001)
        try expectNewest(fixture, live.ref, through: 5001)
        try expectNewest(fixture, channel.ref, through: 5000)
        #expect(try fixture.stored(ended.id).result?.text?.text == "7")
    }

    /// The end that the store refused did not happen; neither did the trim that waits for it.
    @Test func anEndThatIsTakenBackTrimsNothing() throws {
        let fixture = fixture()
        let run = try fixture.currentRun(fixture.create().id)
        fixture.store.failsCommits = true
        #expect(throws: JournalError.self) { try fixture.run(burst(run) + [.finish(run, .completed(nil))]) }
        fixture.store.failsCommits = false
        try fixture.advance(by: 0)
        #expect(try fixture.stored(run.id).state == .inProgress)
        try fixture.run(burst(run) + [.finish(run, .completed(nil))])
        try fixture.advance(by: 0)
        try expectNewest(fixture, run.ref, through: 5001)
    }

    @Test func aNewRunUnderTheNameOfOneThatIsTrimmedIsLeftAlone() throws {
        let fixture = fixture()
        let first = try fixture.create { $0.id = JobID(trusted: "again") }
        let run = try fixture.currentRun(first.id)
        try fixture.run(burst(run) + burst(run) + [.finish(run, .completed(nil))])
        let second = try fixture.create { $0.id = JobID(trusted: "again") }
        try fixture.advance(by: 0)
        #expect(second.ref != first.ref)
        #expect(try fixture.events(first.ref).isEmpty)
        #expect(try fixture.stored(second.id).state == .inProgress)
    }
}
