// What a part of the server does unless it is told otherwise is what the shipped configuration tells it.

import MillstreamHTTP
import MillstreamJobs
import MillstreamRuntime
import MillstreamStreams
import Testing

@testable import Millstream

@Suite struct DefaultsTests {
    private let shipped = ServerConfiguration()

    @Test func theHTTPLayersAreThoseOfTheConfiguration() {
        #expect(HTTPServerSettings() == HTTPServerSettings(shipped, maxConnections: shipped.limits.maxConnections))
    }

    @Test func theStreamsAreThoseOfTheConfiguration() {
        #expect(StreamSettings() == StreamSettings(shipped))
    }

    @Test func theLanesAndTheLedgersAreThoseOfTheConfiguration() {
        #expect(LaneLimits() == LaneLimits(shipped))
        #expect(LedgerLimits() == LedgerLimits(shipped))
        #expect(RetentionPolicy() == RetentionPolicy(shipped))
    }
}
