import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct RetentionTests {
    private let day: Int64 = 86_400_000

    @Test func logIsTrimmedToItsCountOnceItIsAnEighthBeyond() throws {
        let fixture = LedgerFixture(retention: RetentionPolicy(maxEventsPerLog: 16))
        let run = try fixture.currentRun(fixture.create().id)
        for _ in 1...18 { try fixture.run(.emit(run, DraftEvent("e"))) }
        #expect(try fixture.events(run.ref).count == 18)
        #expect(fixture.reached == [:])
        try fixture.run(.emit(run, DraftEvent("e")))
        #expect(try fixture.events(run.ref).map(\.sequence) == Array(4...19))
        #expect(fixture.reached == [.eventsPerLog: 1])
        try fixture.run(.emit(run, DraftEvent("e")))
        let stored = try fixture.stored(run.id)
        #expect(stored.trimmedThrough == 3)
        #expect(try fixture.job(run.id).trimmedThrough == 3)
    }

    @Test func logIsTrimmedToItsBytesAndKeepsItsLastEvent() throws {
        let fixture = LedgerFixture(retention: RetentionPolicy(maxBytesPerLog: 1000))
        let run = try fixture.currentRun(fixture.create().id)
        let data = "\"" + String(repeating: "x", count: 98) + "\""
        for _ in 0..<12 { try fixture.run(.emit(run, DraftEvent("e", data))) }
        #expect(try fixture.events(run.ref).count == 10)
        #expect(fixture.reached == [.bytesPerLog: 1])
        let large = "\"" + String(repeating: "x", count: 5000) + "\""
        try fixture.run(.emit(run, DraftEvent("large", large)))
        try fixture.run()
        #expect(try fixture.events(run.ref).map(\.name) == ["large"])
        try fixture.run(.emit(run, DraftEvent("e", data)))
        try fixture.run()
        let events = try fixture.events(run.ref)
        #expect(events.map(\.name) == ["e"])
        try fixture.run(.finish(run, .completed(nil)))
        #expect(try fixture.events(run.ref).last?.name == "completed")
        let stored = try fixture.stored(run.id)
        #expect(stored.logBytes == Int64(try fixture.events(run.ref).reduce(0) { $0 + $1.data.bytes.count }))
    }

    @Test func channelIsTrimmedAndItsHeadSaysSo() throws {
        let fixture = LedgerFixture(retention: RetentionPolicy(maxEventsPerLog: 8))
        for _ in 0..<40 { try fixture.run(.publish(.channel("c"), [DraftEvent("e")])) }
        try fixture.run()
        let channel = try #require(try fixture.store.inner.channel("c"))
        #expect(channel.lastSequence == 40)
        #expect(try fixture.events(channel.ref).first?.sequence == channel.trimmedThrough + 1)
        #expect((8...9).contains(try fixture.events(channel.ref).count))
    }

    @Test func endedJobsGoWhenTheyAreOldEnough() throws {
        let fixture = LedgerFixture(retention: RetentionPolicy(endedJobAgeMs: day))
        let ended = try fixture.create()
        let live = try fixture.create().id
        try fixture.run(.finish(fixture.currentRun(ended.id), .completed(nil)))
        fixture.pass(day)
        try fixture.sweep()
        #expect(try fixture.stored(ended.id).state == .completed)
        #expect(fixture.reached == [:])
        fixture.pass(1)
        try fixture.sweep()
        #expect(fixture.reached == [.endedJobAge: 1])
        #expect(try fixture.store.inner.job(ended.id) == nil)
        #expect(fixture.directory.job(ended.id) == nil)
        #expect(fixture.directory.merge(ended).ref == ended.ref)
        #expect(fixture.directory.job(ended.id) == nil)
        #expect(try fixture.stored(live).state == .inProgress)
    }

    /// One step takes two: a round that ended with its first step would never keep up with those that end meanwhile.
    @Test func oneRoundTakesAllAgedJobsHoweverMany() throws {
        let fixture = LedgerFixture(
            limits: LedgerLimits(maxRowsPerSweep: 2), retention: RetentionPolicy(endedJobAgeMs: 1000))
        let ids = try (0..<7).map { _ in
            let id = try fixture.create().id
            try fixture.run(.finish(fixture.currentRun(id), .completed(nil)))
            return id
        }
        fixture.pass(1001)
        try fixture.sweep()
        #expect(try ids.allSatisfy { try fixture.store.inner.job($0) == nil })
    }

    @Test func oldestEndedJobsGoBeyondTheirNumber() throws {
        let fixture = LedgerFixture(
            limits: LedgerLimits(maxRowsPerSweep: 2), retention: RetentionPolicy(maxEndedJobs: 3))
        let ids = try (0..<10).map { _ in
            let id = try fixture.create().id
            fixture.pass(1)
            try fixture.run(.finish(fixture.currentRun(id), .completed(nil)))
            return id
        }
        try fixture.sweep()
        #expect(try ids.filter { try fixture.store.inner.job($0) != nil } == ids.suffix(3))
        #expect(fixture.reached == [.endedJobs: 7])
    }

    @Test func eventsGoByAgeButNeverTheTerminalOne() throws {
        let fixture = LedgerFixture(
            limits: LedgerLimits(maxRowsPerSweep: 1),
            retention: RetentionPolicy(maxEventAgeMs: 1000, channelIdleMs: nil))
        let ended = try fixture.currentRun(fixture.create().id)
        let live = try fixture.currentRun(fixture.create().id)
        for run in [ended, live] { try fixture.run(.emit(run, DraftEvent("old")), .emit(run, DraftEvent("old"))) }
        try fixture.run(.publish(.channel("c"), [DraftEvent("old")]))
        try fixture.run(.emit(ended, DraftEvent("result", "7")), .finish(ended, .completed(nil)))
        fixture.pass(1001)
        try fixture.run(.emit(live, DraftEvent("new")))
        try fixture.sweep()
        #expect(fixture.reached == [.eventAge: 3], "of two jobs and a channel")
        #expect(try fixture.events(ended.ref).map(\.name) == ["completed"])
        #expect(try fixture.stored(ended.id).result?.text?.text == "7")
        #expect(try fixture.events(live.ref).map(\.name) == ["new"])
        #expect(try fixture.job(live.id).trimmedThrough == 2)
        let channel = try #require(try fixture.store.inner.channel("c"))
        #expect(channel.trimmedThrough == 1)
        #expect(try fixture.events(channel.ref).isEmpty)
        try fixture.run(.publish(.channel("c"), [DraftEvent("next")]))
        #expect(try fixture.events(channel.ref).map(\.sequence) == [2])
    }

    @Test func unusedUploadsGoAfterAnHourAndUsedOnesWithTheirLastJob() throws {
        let fixture = LedgerFixture(retention: RetentionPolicy(endedJobAgeMs: day))
        for id in ["used", "unused"] {
            let upload = UploadRecord(
                id: id, name: id, contentType: "a/b", byteCount: 1, createdAt: fixture.now.wall)
            try fixture.run(.registerUpload(upload))
        }
        let job = try fixture.create { $0.uploads = ["used"] }
        try fixture.run(.finish(fixture.currentRun(job.id), .completed(nil)))
        fixture.pass(3_600_001)
        try fixture.sweep()
        #expect(fixture.witness.removedUploads == ["unused"])
        #expect(fixture.reached == [.uploadIdle: 1])
        #expect(try fixture.refusal(.create(fixture.newJob { $0.uploads = ["unused"] })) == .unknownUpload("unused"))
        fixture.pass(day)
        try fixture.sweep()
        #expect(fixture.witness.removedUploads == ["unused", "used"])
    }

    @Test func uploadThatIsTakenInTheSweepsOwnBatchStays() throws {
        let fixture = LedgerFixture()
        let upload = UploadRecord(id: "u", name: "u", contentType: "a/b", byteCount: 1, createdAt: fixture.now.wall)
        try fixture.run(.registerUpload(upload))
        fixture.pass(3_600_001)
        var hasMore = true
        while hasMore {
            let removesUploads = fixture.ledger.counters.sweep.phase == .uploads
            if removesUploads {
                _ = try fixture.ledger.apply(.create(fixture.newJob { $0.uploads = ["u"] }), now: fixture.now)
            }
            hasMore = try fixture.ledger.sweep(fixture.now)
            try fixture.commit()
        }
        #expect(fixture.witness.removedUploads.isEmpty)
        #expect(try fixture.store.inner.upload("u") != nil)
    }

    @Test func idleChannelGoesAndComesBackUnderANewEpoch() throws {
        let fixture = LedgerFixture(
            limits: LedgerLimits(maxChannels: 1), retention: RetentionPolicy(channelIdleMs: 1000))
        try fixture.run(.publish(.channel("c"), [DraftEvent("e")]))
        let first = try #require(try fixture.store.inner.channel("c"))
        fixture.pass(999)
        try fixture.sweep()
        #expect(try fixture.store.inner.channel("c") != nil)
        #expect(fixture.reached == [:])
        fixture.pass(2)
        try fixture.sweep()
        #expect(fixture.reached == [.channelIdle: 1])
        #expect(try fixture.store.inner.channel("c") == nil)
        #expect(try fixture.refusal(.publish(.channel("d"), [DraftEvent("e")])) == nil)
        fixture.pass(1001)
        try fixture.crash()
        try fixture.sweep()
        try fixture.run(.publish(.channel("c"), [DraftEvent("e")]))
        let second = try #require(try fixture.store.inner.channel("c"))
        #expect(second.epoch != first.epoch)
        #expect(second.lastSequence == 1)
    }
}
