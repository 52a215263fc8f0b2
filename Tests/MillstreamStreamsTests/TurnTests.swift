// Readers that are behind take turns, a bounded number in a tick; what is committed meanwhile does not wait for them.

import MillstreamJournal
import Testing

@testable import MillstreamStreams

@Suite struct TurnTests {
    /// Room for two readers that are 20 events of 1,000 bytes behind, their two sends each included.
    private static func settings() -> StreamSettings {
        var settings = StreamSettings()
        settings.maxReplayBytesPerTick = 40_000
        return settings
    }

    private func comeBack(_ count: Int, to name: LogName, in fixture: HubFixture) -> [ReaderID] {
        (0..<count).map { _ in fixture.open(name) }
    }

    private func served(_ readers: [ReaderID], _ fixture: HubFixture) -> Int {
        readers.filter { fixture.ids($0).count == 20 }.count
    }

    @Test func eventIsDeliveredBetweenTheTurnsOfAReplay() {
        let fixture = HubFixture(Self.settings())
        let live = fixture.open(.talk)
        fixture.commit(.news, count: 20, bytes: 1_000)
        fixture.settle()
        let readers = comeBack(100, to: .news, in: fixture)
        var flushes = 0
        var hasMore = true
        while hasMore {
            flushes += 1
            let before = served(readers, fixture)
            fixture.commit(.talk, count: 1)
            hasMore = fixture.hub.flush()
            // In the tick of its commit, however many wait.
            #expect(fixture.ids(live).count == flushes)
            let now = served(readers, fixture)
            #expect(now > before && now <= before + 2)
            // First come, first served.
            #expect(readers.prefix(now).allSatisfy { fixture.ids($0).count == 20 })
        }
        #expect(served(readers, fixture) == 100)
        #expect(flushes >= 50)
    }

    @Test func costOfAFlushesTurnsIsThatOfTheReplayAlone() {
        let fixture = HubFixture(Self.settings())
        _ = fixture.open(.talk)
        fixture.commit(.news, count: 20, bytes: 1_000)
        fixture.settle()
        fixture.commit(.talk, count: 1, bytes: 30_000)
        fixture.hub.flush()
        #expect(fixture.hub.turnsCost == 0)
        _ = comeBack(1, to: .news, in: fixture)
        fixture.hub.flush()
        #expect(fixture.hub.turnsCost > 20_000)
        fixture.hub.flush()
        #expect(fixture.hub.turnsCost == 0)
    }

    @Test func readerOfSeveralLogsGetsNewsBeforeTheTurns() {
        let fixture = HubFixture(Self.settings())
        fixture.commit(.news, count: 20, bytes: 1_000)
        fixture.commit(.talk, count: 1)
        let live = fixture.open(.talk, .a)
        fixture.settle()
        let readers = comeBack(10, to: .news, in: fixture)
        fixture.commit(.talk, count: 1)
        #expect(fixture.hub.flush())
        #expect(fixture.ids(live).count == 2)
        #expect(served(readers, fixture) < 10)
    }

    @Test func readerThatWaitsForItsTurnGetsWhatCameMeanwhileInOrder() {
        let fixture = HubFixture(Self.settings())
        fixture.commit(.news, count: 20, bytes: 1_000)
        fixture.settle()
        let readers = comeBack(10, to: .news, in: fixture)
        while fixture.hub.flush() { fixture.commit(.news, count: 1) }
        fixture.settle()
        let ids = fixture.ids(readers[0])
        #expect(ids.count > 20)
        for reader in readers { #expect(fixture.ids(reader) == ids) }
    }

    @Test func whatIsNewLeavesRoomForAsMuchReplay() {
        let fixture = HubFixture(Self.settings())
        let live = (0..<100).map { _ in fixture.open(.talk) }
        fixture.commit(.news, count: 20, bytes: 1_000)
        fixture.settle()
        let readers = comeBack(100, to: .news, in: fixture)
        fixture.commit(.talk, count: 1, bytes: 20_000)
        // 100 sends of 20 kB to those at the end, and about as much to those behind: else a busy server would starve them.
        #expect(fixture.hub.flush())
        for reader in live { #expect(fixture.ids(reader).count == 1) }
        #expect((70...99).contains(served(readers, fixture)))
    }

    @Test func longReplayOfOneReaderTakesSeveralTurns() {
        var settings = Self.settings()
        settings.maxRecentBytesPerLog = 1 << 20
        settings.maxChunkBytes = 10_000
        let fixture = HubFixture(settings)
        fixture.commit(.news, count: 200, bytes: 1_000)
        fixture.settle()
        let readers = comeBack(2, to: .news, in: fixture)
        #expect(fixture.hub.flush())
        #expect(fixture.ids(readers[1]).isEmpty)
        #expect((1..<200).contains(fixture.ids(readers[0]).count))
        fixture.settle()
        for reader in readers { #expect(fixture.ids(reader).count == 200) }
    }

    /// More than a tick shares with all readers of a log: a program that prints megabytes must not keep the loop from everybody else.
    @Test(arguments: [(bytes: 300_000, readers: 20), (bytes: 200_000, readers: 50)])
    func whatIsTooMuchForATickGoesInTurns(_ load: (bytes: Int, readers: Int)) {
        var settings = Self.settings()
        settings.maxRecentBytesPerLog = 1 << 20
        settings.maxFanOutBytesPerTick = 8_000_000
        let fixture = HubFixture(settings)
        let live = fixture.open(.talk)
        let readers = comeBack(load.readers, to: .news, in: fixture)
        fixture.settle()
        fixture.flush()
        fixture.commit(.news, count: 10, bytes: load.bytes / 10)
        var flushes = 0
        var hasMore = true
        while hasMore {
            flushes += 1
            fixture.commit(.talk, count: 1)
            let before = fixture.hub.metrics.deliveredBytes
            hasMore = fixture.hub.flush()
            #expect(fixture.ids(live).count == flushes)
            // At most one piece beyond the turns of a tick, and the other log's event.
            let piece = UInt64(max(settings.maxChunkBytes, load.bytes / 10 + 200))
            #expect(fixture.hub.metrics.deliveredBytes - before <= UInt64(settings.maxReplayBytesPerTick) + piece + 200)
        }
        #expect(flushes > load.readers)
        for reader in readers { #expect(fixture.ids(reader).count == 10) }
    }

    /// A page that was read ahead of a commit's notice: the log is known to go on behind what the tick brings.
    @Test func littleNewsNeverWaitsBehindTurns() throws {
        let fixture = HubFixture(Self.settings())
        let live = [fixture.open(.talk), fixture.open(.talk)]
        fixture.commit(.talk, count: 2)
        fixture.commit(.news, count: 20, bytes: 1_000)
        fixture.settle()
        _ = comeBack(100, to: .news, in: fixture)
        let log = try #require(fixture.hub.find(.talk))
        log.lastSequence = 4
        fixture.commit(.talk, count: 1)
        #expect(fixture.hub.flush())
        for reader in live { #expect(fixture.ids(reader).count == 3) }
    }

    private func largeSettings() -> StreamSettings {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 256 << 10
        return settings
    }

    /// Readers at the end, and a job that prints much and ends in one tick.
    private func endWithMuch(_ count: Int, in fixture: HubFixture) -> [ReaderID] {
        fixture.create(.a)
        let readers = (0..<count).map { _ in fixture.open(.a) }
        fixture.settle()
        fixture.commit(.a, count: 300, bytes: 1_000)
        fixture.complete(.a)
        return readers
    }

    @Test func aLogThatGoesInTheTickOfMuchTextIsReadToItsEnd() throws {
        for beginsAnew in [false, true] {
            let fixture = HubFixture(largeSettings())
            let readers = endWithMuch(3, in: fixture)
            if beginsAnew {
                fixture.create(.a)
            } else {
                let run = try #require(fixture.store.run(.a))
                fixture.hub.logRemoved(.a, run.ref)
            }
            fixture.flush()
            for reader in readers {
                #expect(fixture.ids(reader).count == 301)
                #expect(fixture.names(reader).contains("completed") && fixture.isFinished(reader))
            }
        }
    }

    @Test func aDrainBringsMuchTextToItsEnd() {
        let fixture = HubFixture(largeSettings())
        let readers = endWithMuch(10, in: fixture)
        fixture.hub.closeAll(.drain)
        for reader in readers { #expect(fixture.names(reader).contains("completed")) }
    }

    @Test(arguments: [1, 20]) func readersAtTheEndGetAllOfALargeCommitWhateverIsTrimmed(count: Int) {
        let fixture = HubFixture(largeSettings())
        let readers = (0..<count).map { _ in fixture.open(.news) }
        fixture.settle()
        fixture.flush()
        fixture.commit(.news, count: 400, bytes: 1_000)
        fixture.trim(.news, through: 352)
        fixture.hub.flush()
        // Others that have no turn yet need not hear of it now.
        fixture.trim(.news, through: 360)
        fixture.flush()
        for reader in readers {
            #expect(fixture.ids(reader).count == 400)
            #expect(!fixture.names(reader).contains("gap"))
        }
        #expect(fixture.store.questionCount <= 1)
        let late = fixture.open(.news, after: "e1-2")
        fixture.settle()
        #expect(fixture.ids(late).count == 40)
    }

    @Test func pageIsKeptUntilAllWhoAskedForItHadTheirTurn() {
        var settings = Self.settings()
        settings.maxRecentBytesPerLog = 0
        settings.maxPageCacheBytes = 0
        let fixture = HubFixture(settings)
        fixture.create(.a)
        fixture.create(.b)
        fixture.commit(.a, count: 20, bytes: 1_000)
        fixture.commit(.b, count: 20, bytes: 1_000)
        fixture.settle()
        let readers = comeBack(50, to: .a, in: fixture)
        while fixture.hub.flush() {}
        fixture.store.answer(at: 0, to: fixture.hub)
        #expect(fixture.hub.flush())
        // The cache is full of what others wait for: nobody asks for more before they have it.
        let late = fixture.open(.b)
        while fixture.hub.flush() { #expect(fixture.store.questions.isEmpty) }
        #expect(served(readers, fixture) == 50)
        #expect(fixture.store.questions.count == 1)
        fixture.settle()
        #expect(fixture.store.questionCount == 2)
        #expect(served([late], fixture) == 1)
    }
}
