// What many readers share, what is kept and for how long, and how much is asked of the store.

import MillstreamJournal
import MillstreamStreams
import Testing

@Suite struct SharedWorkTests {
    private func noRecent() -> StreamSettings {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        return settings
    }

    @Test func resumeStormAsksTheStoreOnceAndMakesOnePayload() {
        let fixture = HubFixture(noRecent())
        fixture.create(.a)
        fixture.commit(.a, count: 40, bytes: 1000)
        fixture.flush()
        let readers = (0..<200).map { _ in fixture.open(.a) }
        fixture.flush()
        let made = fixture.output.payloadsMade
        fixture.settle()
        #expect(fixture.store.questionCount == 1)
        #expect(fixture.output.payloadsMade == made + 1)
        for reader in readers { #expect(fixture.ids(reader).count == 40) }
    }

    @Test func readerThatComesALittleLaterIsServedFromTheKeptPage() {
        let fixture = HubFixture(noRecent())
        fixture.create(.a)
        fixture.commit(.a, count: 40, bytes: 100)
        fixture.flush()
        _ = fixture.open(.a)
        fixture.settle()
        let reader = fixture.open(.a)
        fixture.settle()
        #expect(fixture.store.questionCount == 1)
        #expect(fixture.ids(reader).count == 40)
    }

    @Test func questionsUnderWayAreBounded() {
        var settings = noRecent()
        settings.maxPageRequests = 3
        let fixture = HubFixture(settings)
        let names = (0..<20).map { LogName.job(JobID(trusted: "j\($0)")) }
        for name in names {
            fixture.create(name)
            fixture.commit(name, count: 2)
        }
        fixture.flush()
        let readers = names.map { fixture.open($0) }
        fixture.flush()
        #expect(fixture.store.questions.count == 3)
        while !fixture.store.questions.isEmpty {
            fixture.store.answer(at: 0, to: fixture.hub)
            fixture.flush()
            #expect(fixture.store.questions.count <= 3)
        }
        for reader in readers { #expect(fixture.ids(reader).count == 2) }
    }

    @Test func recentBytesOfOneLogAreBounded() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 10_000
        let fixture = HubFixture(settings)
        fixture.create(.a)
        for _ in 0..<2000 {
            fixture.commit(.a, count: 1, bytes: 100)
            fixture.flush()
            #expect(fixture.hub.metrics.recentBytes < 64_000)
        }
        #expect(fixture.hub.metrics.shrunkLogs > 0)
        #expect(fixture.hub.metrics.displacedLogs == 0)
        let reader = fixture.open(.a, after: "e1-1990")
        fixture.flush()
        #expect(fixture.ids(reader).count == 10)
        #expect(fixture.store.questionCount == 0)
    }

    @Test func theLogWithoutNewsLosesItsRecentEventsFirst() {
        var settings = StreamSettings()
        settings.maxRecentBytes = 40_000
        let fixture = HubFixture(settings)
        let names = (0..<100).map { LogName.channel("c\($0)") }
        for name in names {
            fixture.commit(name, count: 1, bytes: 500)
            fixture.flush()
            #expect(fixture.hub.metrics.recentBytes <= 40_000)
        }
        #expect(fixture.hub.metrics.logs < 60)
        #expect(fixture.hub.metrics.displacedLogs > 40)
        #expect(fixture.hub.metrics.shrunkLogs == 0)
        let reader = fixture.open(names[99])
        fixture.flush()
        #expect(fixture.ids(reader).count == 1)
        #expect(fixture.store.questionCount == 0)
        let old = fixture.open(names[0])
        fixture.flush()
        #expect(fixture.ids(old).isEmpty)
        fixture.settle()
        #expect(fixture.ids(old).count == 1)
    }

    @Test func snapshotIsRenderedOnlyForReaders() {
        let fixture = HubFixture()
        let run = fixture.create(.a)
        fixture.commit(.a, count: 1)
        var rendered = 0
        let change = {
            fixture.hub.statusChanged(.a, run.extent) {
                rendered += 1
                return Array("{}".utf8)
            }
        }
        change()
        #expect(rendered == 0)
        _ = (fixture.open(.a), fixture.open(.a))
        change()
        #expect(rendered == 1)
    }

    @Test func hugeTickLeavesInPieces() {
        let fixture = HubFixture()
        fixture.create(.a)
        let reader = fixture.open(.a)
        fixture.flush()
        fixture.commit(.a, count: 600, bytes: 1000)
        fixture.settle()
        #expect(fixture.ids(reader) == (1...600).map { "e1-\($0)" })
        #expect(fixture.output.sockets[reader]!.sends > 8)
    }
}
