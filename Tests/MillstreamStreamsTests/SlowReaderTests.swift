// Readers whose output is pending: what they are spared, what they are told, what they hold.

import MillstreamJournal
import MillstreamStreams
import Testing

@Suite struct SlowReaderTests {
    /// A reader that has caught up and is stalled with one event pending.
    private func lagging(_ settings: StreamSettings = StreamSettings()) -> (HubFixture, ReaderID) {
        let fixture = HubFixture(settings)
        fixture.create(.a)
        let reader = fixture.open(.a)
        fixture.flush()
        fixture.stall(reader)
        fixture.commit(.a, [("progress", "1")])
        fixture.flush()
        return (fixture, reader)
    }

    @Test func onlyTheNewestProgressIsGivenAndTheRestIsAnnounced() {
        let (fixture, reader) = lagging()
        for value in 2...6 {
            fixture.commit(.a, [("progress", "\(value)")])
            fixture.flush()
        }
        fixture.unstall(reader)
        fixture.flush()
        #expect(
            fixture.text(reader).hasSuffix(
                """
                id: e1-1\nevent: progress\ndata: 1\n
                event: gap\ndata: {"from":"e1-2","to":"e1-5","reason":"slow_reader"}\n
                id: e1-6\nevent: progress\ndata: 6\n\n
                """))
        #expect(fixture.hub.metrics.conflated == 4)
    }

    @Test func otherEventsAndTheTerminalEventAreNeverLeftOut() {
        let (fixture, reader) = lagging()
        fixture.commit(.a, [("progress", "2"), ("step", "3"), ("progress", "4"), ("log", "5"), ("progress", "6")])
        fixture.complete(.a)
        fixture.flush()
        fixture.unstall(reader)
        fixture.flush()
        #expect(
            fixture.names(reader) == [
                "status", "progress", "status", "gap", "step", "gap", "log", "progress", "completed",
            ])
        #expect(fixture.isFinished(reader))
    }

    @Test func historyThatTheReaderAskedForIsNeverConflated() {
        let fixture = HubFixture()
        fixture.create(.a)
        fixture.commit(.a, count: 400, named: "progress", bytes: 1000)
        fixture.flush()
        let reader = fixture.open(.a)
        fixture.stall(reader)
        fixture.flush()
        for _ in 0..<60 {
            fixture.commit(.a, count: 1, named: "progress")
            fixture.drainOnce(reader)
            fixture.settle()
        }
        fixture.unstall(reader)
        fixture.settle()
        #expect(fixture.ids(reader) == (1...460).map { "e1-\($0)" })
    }

    @Test func laggingReaderGetsOneStateTheNewest() {
        let (fixture, reader) = lagging()
        for word in ["in_progress", "retrying", "in_progress"] {
            fixture.setState(word, .a)
            fixture.flush()
        }
        fixture.unstall(reader)
        fixture.flush()
        #expect(fixture.names(reader) == ["status", "progress", "status"])
        #expect(fixture.output.events(reader).last?.data == "{\"state\":\"in_progress\"}")
    }

    @Test func readerBehindTheRecentEventsGetsPagesAndStillIsSparedProgress() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        settings.maxPageEvents = 4
        let (fixture, reader) = lagging(settings)
        for value in 2...30 {
            fixture.commit(.a, [(value % 10 == 0 ? "step" : "progress", "\(value)")])
            fixture.flush()
        }
        fixture.unstall(reader)
        fixture.settle()
        #expect(fixture.ids(reader) == ["e1-1", "e1-10", "e1-20", "e1-29", "e1-30"])
        let gaps = fixture.output.events(reader).filter { $0.name == "gap" }.map(\.data)
        #expect(
            gaps
                == [(2, 9), (11, 19), (21, 28)].map {
                    "{\"from\":\"e1-\($0.0)\",\"to\":\"e1-\($0.1)\",\"reason\":\"slow_reader\"}"
                })
    }

    @Test func eventsThatCameAfterTheOutputDrainedAreNotConflated() {
        let (fixture, reader) = lagging()
        fixture.unstall(reader)
        fixture.commit(.a, count: 5, named: "progress")
        fixture.flush()
        #expect(fixture.ids(reader) == (1...6).map { "e1-\($0)" })
    }

    @Test func laggingReadersShareWhatTheyHold() {
        let fixture = HubFixture()
        fixture.create(.a)
        let readers = (0..<50).map { _ in fixture.open(.a) }
        fixture.flush()
        for reader in readers { fixture.stall(reader) }
        fixture.commit(.a, count: 1)
        fixture.flush()
        fixture.commit(.a, count: 100, bytes: 1000)
        fixture.flush()
        let made = fixture.output.payloadsMade
        for reader in readers { fixture.drainOnce(reader) }
        fixture.flush()
        #expect(fixture.output.payloadsMade == made + 1)
        #expect(fixture.hub.metrics.lagging == 50)
        for reader in readers { fixture.unstall(reader) }
        fixture.flush()
        #expect(fixture.output.payloadsMade == made + 2)
        for reader in readers { #expect(fixture.ids(reader).count == 101) }
        #expect(fixture.hub.metrics.lagging == 0)
    }

    @Test func closingComesAfterWhatIsPending() {
        let (fixture, reader) = lagging()
        fixture.hub.closeAll(.drain)
        #expect(fixture.names(reader) == ["status"])
        _ = fixture.output.drain(reader)
        #expect(fixture.names(reader) == ["status", "progress", "closing"])
    }

    @Test func readerThatIsGoneIsForgotten() {
        let (fixture, reader) = lagging()
        fixture.output.leave(reader)
        fixture.hub.readerDidClose(reader)
        fixture.hub.readerDidClose(reader)
        fixture.hub.readerDidDrain(reader)
        fixture.commit(.a, count: 1)
        fixture.flush()
        #expect(fixture.hub.metrics.open == 0)
        #expect(fixture.hub.metrics.lagging == 0)
    }

    @Test func slotThatIsUsedAgainBeforeItsEndWasReportedBelongsToTheNewReader() {
        let (fixture, reader) = lagging()
        fixture.output.leave(reader)
        let next = fixture.open(.a)
        #expect(next.slot == reader.slot)
        fixture.hub.readerDidClose(reader)
        fixture.flush()
        #expect(fixture.names(next) == ["status", "progress"])
        #expect(fixture.hub.metrics.open == 1)
    }
}
