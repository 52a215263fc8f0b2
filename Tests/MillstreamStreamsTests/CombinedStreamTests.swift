// Several logs on one stream.

import MillstreamJournal
import MillstreamStreams
import Testing

@Suite struct CombinedStreamTests {
    @Test func idsTellTheLogAndTheWholeCursorAndDataIsTheLogsOwn() {
        let fixture = HubFixture()
        fixture.create(.a)
        let reader = fixture.open(.a, .news)
        fixture.settle()
        fixture.commit(.a, [("step", "{\"n\":1}")])
        fixture.flush()
        fixture.commit(.news, [("message", "\"hi\"")])
        fixture.flush()
        #expect(
            fixture.text(reader) == """
                event: status\nretry: 2000\ndata: {"source":"job:a","state":"queued"}\n
                id: 0-e1-1-0-0\nevent: step\ndata: {"n":1}\n
                id: 1-e1-1-e2-1\nevent: message\ndata: "hi"\n\n
                """)
    }

    @Test func channelsAloneBeginWithAHeartbeat() {
        let fixture = HubFixture()
        let reader = fixture.open(.news, .talk)
        fixture.settle()
        #expect(fixture.text(reader) == ": heartbeat\n")
    }

    @Test func cursorOfTheLastEventResumesAllLogs() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        let fixture = HubFixture(settings)
        fixture.create(.a)
        fixture.create(.b)
        let first = fixture.open(.a, .b, .news)
        fixture.settle()
        fixture.commit(.a, count: 3)
        fixture.commit(.news, count: 40)
        fixture.commit(.b, count: 2)
        fixture.settle()
        let cursor = fixture.ids(first).last!
        fixture.commit(.a, count: 1)
        fixture.commit(.news, count: 1)
        fixture.flush()
        let second = fixture.open(.a, .b, .news, after: cursor)
        fixture.settle()
        let places = fixture.ids(second).map { $0.prefix(1) }.sorted()
        #expect(places == ["0", "2"])
        #expect(fixture.ids(second).contains { $0.contains("-e3-15") })
        #expect(!fixture.names(second).contains("gap"))
    }

    @Test func gapAndStatusCarryTheirSourceAsFirstMember() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        let fixture = HubFixture(settings)
        fixture.create(.a)
        fixture.create(.b)
        fixture.commit(.b, count: 3)
        fixture.flush()
        fixture.trim(.b, through: 2)
        let reader = fixture.open(.a, .b)
        fixture.settle()
        fixture.setState("in_progress", .a)
        fixture.flush()
        let data = fixture.output.events(reader).map(\.data)
        #expect(
            data == [
                "{\"source\":\"job:a\",\"state\":\"queued\"}", "{\"source\":\"job:b\",\"state\":\"queued\"}",
                "{\"source\":\"job:b\",\"from\":\"e2-1\",\"to\":\"e2-2\",\"reason\":\"retention\"}", "{\"n\":2}",
                "{\"source\":\"job:a\",\"state\":\"in_progress\"}",
            ])
    }

    @Test func sourceOfAnEmptyObjectMakesNoComma() {
        let text = ServerEvents.status(snapshot: Array("{}".utf8), source: .news, retryMs: 5)
        #expect(
            String(decoding: text, as: UTF8.self) == "event: status\nretry: 5\ndata: {\"source\":\"channel:news\"}\n\n")
    }

    @Test func streamEndsWhenAllLogsHaveEnded() {
        let fixture = HubFixture()
        fixture.create(.a)
        fixture.create(.b)
        let reader = fixture.open(.a, .b)
        fixture.flush()
        fixture.complete(.a)
        fixture.flush()
        #expect(!fixture.isFinished(reader))
        fixture.complete(.b)
        fixture.flush()
        #expect(fixture.isFinished(reader))
        #expect(fixture.names(reader) == ["status", "status", "status", "completed", "status", "completed"])
        #expect(fixture.hub.metrics.closed[.ended] == 1)
    }

    @Test func streamWithAChannelGoesOn() {
        let fixture = HubFixture()
        fixture.create(.a)
        let reader = fixture.open(.a, .news)
        fixture.settle()
        fixture.complete(.a)
        fixture.flush()
        #expect(!fixture.isFinished(reader))
    }

    @Test func laggingReaderIsSparedProgressOfEachLogAndItsCursorNeverPassesAnUnannouncedLoss() {
        let fixture = HubFixture()
        fixture.create(.a)
        fixture.create(.b)
        let reader = fixture.open(.a, .b)
        fixture.flush()
        fixture.stall(reader)
        fixture.commit(.a, [("progress", "1")])
        fixture.flush()
        fixture.commit(.a, [("progress", "2"), ("progress", "3"), ("progress", "4")])
        fixture.commit(.b, [("progress", "1"), ("step", "2")])
        fixture.flush()
        fixture.unstall(reader)
        fixture.flush()
        #expect(fixture.ids(reader).filter { $0.hasPrefix("0") }.map { $0.split(separator: "-")[2] } == ["1", "4"])
        #expect(fixture.ids(reader).filter { $0.hasPrefix("1") }.map { $0.split(separator: "-")[4] } == ["1", "2"])
        let gaps = fixture.output.events(reader).filter { $0.name == "gap" }.map(\.data)
        #expect(gaps == ["{\"source\":\"job:a\",\"from\":\"e1-2\",\"to\":\"e1-3\",\"reason\":\"slow_reader\"}"])
    }

    @Test func busyLogDoesNotStarveTheOthers() {
        let fixture = HubFixture()
        let reader = fixture.open(.news, .talk)
        fixture.settle()
        fixture.stall(reader)
        fixture.commit(.news, count: 200, bytes: 1000)
        fixture.commit(.talk, count: 1)
        fixture.flush()
        for _ in 0..<2 {
            fixture.drainOnce(reader)
            fixture.flush()
        }
        fixture.drainOnce(reader)
        #expect(fixture.ids(reader).contains { $0.hasPrefix("1-") })
        #expect(fixture.ids(reader).contains { $0.hasPrefix("0-") })
    }

    @Test func manyReadersOfManyLogsComeAndGo() {
        let fixture = HubFixture()
        let names = (0..<8).map { LogName.channel("c\($0)") }
        var readers: [ReaderID] = []
        for count in 2...8 {
            for _ in 0..<4 {
                let id = fixture.output.makeReader()
                fixture.hub.open(id, fixture.request(Array(names.prefix(count))))
                readers.append(id)
            }
        }
        fixture.settle()
        for reader in readers.shuffled().prefix(20) {
            fixture.output.leave(reader)
            fixture.hub.readerDidClose(reader)
        }
        for name in names { fixture.commit(name, count: 1) }
        fixture.flush()
        #expect(fixture.hub.metrics.open == 8)
        fixture.hub.closeAll(.overload)
        fixture.flush()
        #expect(fixture.hub.metrics.open == 0)
    }
}
