// Heartbeats, maximum age, the end of all streams: with a clock that the test moves.

import MillstreamStreams
import Testing

@Suite struct TimeTests {
    /// Whatever the phase of the calls, and while readers come.
    @Test(arguments: [1000, 5000, 25_000], [50, 61, 62, 117] as [UInt64])
    func silentReaderGetsAHeartbeatWithinTheInterval(intervalMs: Int, stepMs: UInt64) {
        var settings = StreamSettings()
        settings.heartbeatIntervalMs = intervalMs
        let fixture = HubFixture(settings)
        var readers: [ReaderID] = []
        for _ in 0..<100 {
            readers += (0..<8).map { _ in fixture.open(.news) }
            fixture.flush()
            fixture.pass(ms: UInt64(intervalMs) / 5, stepMs: stepMs)
        }
        for reader in readers {
            #expect(fixture.output.sockets[reader]!.longestSilenceMs <= UInt64(intervalMs))
        }
    }

    @Test func heartbeatsAreNoMoreThanTheIntervalAsksFor() {
        let fixture = HubFixture()
        let readers = (0..<100).map { _ in fixture.open(.news) }
        fixture.flush()
        fixture.pass(ms: 60_000)
        for reader in readers {
            #expect((4...5).contains(fixture.output.sockets[reader]!.sends))
        }
    }

    @Test func noStreamIsOlderThanTheMaximumAge() {
        var settings = StreamSettings()
        settings.maxAgeMs = 2000
        settings.maxAgeSpreadMs = 0
        let fixture = HubFixture(settings)
        let readers = (0..<100).map { _ in fixture.open(.news) }
        fixture.flush()
        fixture.pass(ms: 1000)
        #expect(fixture.hub.metrics.open == 100)
        fixture.pass(ms: 1000)
        #expect(readers.allSatisfy(fixture.isFinished))
    }

    @Test func eventsPutOffTheHeartbeat() {
        let fixture = HubFixture()
        let reader = fixture.open(.news)
        fixture.flush()
        for _ in 0..<12 {
            fixture.pass(ms: 10_000)
            fixture.commit(.news, count: 1)
            fixture.flush()
        }
        #expect(fixture.hub.metrics.heartbeats == 0)
        #expect(fixture.output.sockets[reader]!.sends == 13)
    }

    @Test func laggingReaderGetsNoHeartbeat() {
        let fixture = HubFixture()
        let reader = fixture.open(.news)
        fixture.flush()
        fixture.stall(reader)
        fixture.commit(.news, count: 1)
        fixture.flush()
        fixture.pass(ms: 60_000)
        #expect(fixture.output.sockets[reader]!.sends == 2)
    }

    @Test func heartbeatFormsNoEvent() {
        let fixture = HubFixture()
        let reader = fixture.open(.news)
        fixture.flush()
        fixture.pass(ms: 40_000)
        #expect(fixture.output.events(reader).isEmpty)
        #expect(fixture.text(reader) == String(repeating: ": heartbeat\n", count: 3))
    }

    @Test func maximumAgeClosesWithASpread() {
        var settings = StreamSettings()
        settings.maxAgeMs = 60_000
        settings.maxAgeSpreadMs = 30_000
        let fixture = HubFixture(settings)
        let readers = (0..<100).map { _ in fixture.open(.news) }
        fixture.flush()
        fixture.pass(ms: 29_000)
        #expect(fixture.hub.metrics.open == 100)
        fixture.pass(ms: 16_000)
        #expect((20...80).contains(fixture.hub.metrics.open))
        fixture.pass(ms: 17_000)
        #expect(fixture.hub.metrics.open == 0)
        #expect(fixture.hub.metrics.closed[.closing(.maxAge)] == 100)
        for reader in readers {
            #expect(fixture.names(reader) == ["closing"])
            #expect(fixture.output.events(reader).last!.data.hasPrefix("{\"reason\":\"max_age\",\"retry_ms\":"))
        }
    }

    @Test func drainSpreadsTheRetryAndTurnsNewReadersAway() {
        let fixture = HubFixture()
        fixture.create(.a)
        let readers = (0..<50).map { _ in fixture.open(.a) }
        fixture.flush()
        fixture.commit(.a, count: 1)
        fixture.hub.closeAll(.drain)
        var retries: Set<String> = []
        for reader in readers {
            #expect(fixture.names(reader) == ["status", "step", "closing"])
            #expect(fixture.isFinished(reader))
            retries.insert(fixture.output.events(reader).last!.data)
        }
        #expect(retries.count > 30)
        let late = fixture.open(.a)
        #expect(fixture.names(late) == ["closing"])
        #expect(fixture.isFinished(late))
    }
}
