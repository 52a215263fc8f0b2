// What a reader is told when it cannot have everything: retention, another epoch, another run, a store that fails.

import MillstreamJournal
import MillstreamStreams
import Testing

@Suite struct GapTests {
    @Test func retentionIsAnnouncedByAGapBeforeTheRest() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        let fixture = HubFixture(settings)
        fixture.create(.a)
        fixture.commit(.a, count: 9)
        fixture.flush()
        fixture.trim(.a, through: 6)
        let reader = fixture.open(.a, after: "e1-2")
        fixture.settle()
        #expect(
            fixture.text(reader).contains(
                "\n\nevent: gap\ndata: {\"from\":\"e1-3\",\"to\":\"e1-6\",\"reason\":\"retention\"}\n\nid: e1-7\n"))
        #expect(fixture.ids(reader) == ["e1-7", "e1-8", "e1-9"])
    }

    /// A page would not have them either.
    @Test(arguments: [256 << 10, 0]) func whatRetentionRemovedIsNotGivenOutOfMemory(recentBytes: Int) {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = recentBytes
        let fixture = HubFixture(settings)
        fixture.commit(.news, count: 9)
        fixture.settle()
        // Its page is kept.
        _ = fixture.open(.news, after: "e1-2")
        fixture.settle()
        fixture.trim(.news, through: 6)
        let readers = [fixture.open(.news, after: "e1-2"), fixture.open(.news, .talk, after: nil)]
        fixture.settle()
        #expect(
            fixture.text(readers[0]).contains("{\"from\":\"e1-3\",\"to\":\"e1-6\",\"reason\":\"retention\"}"))
        #expect(fixture.ids(readers[0]) == ["e1-7", "e1-8", "e1-9"])
        #expect(fixture.names(readers[1]).filter { $0 == "step" }.count == 3)
    }

    @Test func readersAtTheEndGetAllOfACommitThatIsTrimmedAtOnce() {
        let fixture = HubFixture()
        fixture.commit(.news, count: 2)
        fixture.settle()
        let readers = [
            fixture.open(.news, after: "e1-2"), fixture.open(.news, after: "e1-2"), fixture.open(.news, .talk),
        ]
        fixture.settle()
        fixture.commit(.news, count: 5)
        fixture.trim(.news, through: 6)
        fixture.flush()
        // The last one had the two before it from this stream.
        #expect(readers.map { reader in fixture.names(reader).filter { $0 == "step" }.count } == [5, 5, 7])
        let late = fixture.open(.news, after: "e1-2")
        fixture.settle()
        #expect(fixture.ids(late) == ["e1-7"])
    }

    @Test func retentionThatHappensDuringTheReplayIsFoundInThePage() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        let fixture = HubFixture(settings)
        let run = fixture.create(.a)
        fixture.commit(.a, count: 4)
        fixture.flush()
        let reader = fixture.open(.a)
        fixture.flush()
        run.trimmedThrough = 4
        fixture.settle()
        #expect(fixture.text(reader).hasSuffix("{\"from\":\"e1-1\",\"to\":\"e1-4\",\"reason\":\"retention\"}\n\n"))
        fixture.commit(.a, count: 1)
        fixture.flush()
        #expect(fixture.ids(reader) == ["e1-5"])
    }

    @Test func pageThatBeginsLaterThanAskedTellsWhatRetentionTook() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        let fixture = HubFixture(settings)
        let run = fixture.create(.a)
        fixture.commit(.a, count: 6)
        fixture.flush()
        let reader = fixture.open(.a, after: "e1-1")
        fixture.flush()
        run.trimmedThrough = 4
        fixture.settle()
        #expect(fixture.text(reader).contains("{\"from\":\"e1-2\",\"to\":\"e1-4\",\"reason\":\"retention\"}"))
        #expect(fixture.ids(reader) == ["e1-5", "e1-6"])
        #expect(fixture.store.questionCount == 1)
    }

    @Test func cursorOfAnotherEpochGetsAGapAndTheWholeLog() {
        let fixture = HubFixture()
        fixture.create(.a)
        fixture.commit(.a, count: 2)
        let reader = fixture.open(.a, after: "zz-1")
        fixture.flush()
        #expect(
            fixture.text(reader).contains(
                "event: gap\ndata: {\"from\":\"zz-1\",\"to\":null,\"reason\":\"epoch\"}\n\nid: e1-1\n"))
        #expect(fixture.ids(reader) == ["e1-1", "e1-2"])
    }

    @Test func cursorBeyondTheEndGetsAGapAndTheWholeLog() {
        let fixture = HubFixture()
        fixture.create(.a)
        fixture.commit(.a, count: 2)
        let reader = fixture.open(.a, after: "e1-3")
        fixture.flush()
        #expect(fixture.text(reader).contains("{\"from\":\"e1-3\",\"to\":null,\"reason\":\"epoch\"}"))
        #expect(fixture.ids(reader) == ["e1-1", "e1-2"])
    }

    @Test func newRunUnderAnOldNameIsAnnouncedToReadersOfTheOldOne() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        let fixture = HubFixture(settings)
        fixture.create(.a)
        fixture.commit(.a, count: 3)
        fixture.complete(.a)
        fixture.flush()
        let reader = fixture.open(.a, after: "e1-1")
        fixture.flush()
        fixture.create(.a)
        fixture.commit(.a, count: 1)
        fixture.settle()
        #expect(fixture.ids(reader) == ["e2-1"])
        #expect(fixture.text(reader).contains("{\"from\":\"e1-1\",\"to\":null,\"reason\":\"epoch\"}"))
        #expect(!fixture.isFinished(reader))
    }

    @Test func removedJobEndsItsReadersWithAGap() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        let fixture = HubFixture(settings)
        let run = fixture.create(.a)
        fixture.commit(.a, count: 3)
        fixture.complete(.a)
        fixture.flush()
        let reader = fixture.open(.a)
        fixture.flush()
        run.isRemoved = true
        fixture.hub.logRemoved(.a, run.ref)
        fixture.settle()
        #expect(fixture.text(reader).hasSuffix("{\"from\":\"e1-1\",\"to\":\"e1-4\",\"reason\":\"retention\"}\n\n"))
        #expect(fixture.isFinished(reader))
        #expect(fixture.hub.metrics.logs == 0)
    }

    @Test func storeFaultClosesWithReasonStore() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        settings.retrySpreadMs = 0
        let fixture = HubFixture(settings)
        fixture.create(.a)
        fixture.commit(.a, count: 1)
        fixture.flush()
        let reader = fixture.open(.a)
        fixture.flush()
        fixture.store.answer(at: 0, to: fixture.hub, failing: true)
        #expect(
            fixture.text(reader).hasSuffix(
                "event: closing\nretry: 2000\ndata: {\"reason\":\"store\",\"retry_ms\":2000}\n\n"))
        #expect(fixture.isFinished(reader))
    }
}
