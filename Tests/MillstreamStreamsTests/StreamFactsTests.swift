// What a reader of one log gets, fact by fact, with golden bytes where the contract names them.

import MillstreamJournal
import MillstreamStreams
import Testing

@Suite struct StreamFactsTests {
    @Test func firstEventOfAJobIsStatusWithRetryAndWithoutID() {
        let fixture = HubFixture()
        fixture.create(.a)
        let reader = fixture.open(.a)
        fixture.flush()
        #expect(fixture.text(reader) == "event: status\nretry: 2000\ndata: {\"state\":\"queued\"}\n\n")
    }

    @Test func channelBeginsWithAHeartbeatComment() {
        let fixture = HubFixture()
        let reader = fixture.open(.news)
        fixture.flush()
        #expect(fixture.text(reader) == ": heartbeat\n")
    }

    @Test func logFollowsTheStatusInOneSend() {
        let fixture = HubFixture()
        fixture.create(.a)
        fixture.commit(.a, [("step", "1"), ("log", "\"two\"")])
        let reader = fixture.open(.a)
        fixture.flush()
        #expect(
            fixture.text(reader) == """
                event: status\nretry: 2000\ndata: {"state":"queued"}\n
                id: e1-1\nevent: step\ndata: 1\n
                id: e1-2\nevent: log\ndata: "two"\n\n
                """)
        #expect(fixture.output.sockets[reader]!.sends == 1)
    }

    @Test func allCommitsOfOneTickLeaveInOneSend() {
        let fixture = HubFixture()
        fixture.create(.a)
        let readers = [fixture.open(.a), fixture.open(.a)]
        fixture.flush()
        let made = fixture.output.payloadsMade
        fixture.commit(.a, count: 1)
        fixture.commit(.a, count: 2)
        fixture.setState("in_progress", .a)
        fixture.commit(.a, count: 1)
        fixture.flush()
        #expect(fixture.output.payloadsMade == made + 1)
        for reader in readers {
            #expect(fixture.output.sockets[reader]!.sends == 2)
            #expect(fixture.names(reader) == ["status", "step", "step", "step", "status", "step"])
            #expect(fixture.ids(reader) == ["e1-1", "e1-2", "e1-3", "e1-4"])
        }
    }

    @Test func nothingLeavesBeforeTheFlush() {
        let fixture = HubFixture()
        fixture.create(.a)
        let reader = fixture.open(.a)
        fixture.commit(.a, count: 1)
        #expect(fixture.text(reader).isEmpty)
    }

    @Test func cursorBeginsInTheMiddleOfTheRecentEvents() {
        let fixture = HubFixture()
        fixture.create(.a)
        fixture.commit(.a, count: 5)
        let reader = fixture.open(.a, after: "e1-3")
        fixture.flush()
        #expect(fixture.ids(reader) == ["e1-4", "e1-5"])
        #expect(fixture.store.questionCount == 0)
    }

    @Test func whatIsNotRecentComesFromTheStoreAndMeetsTheLiveEvents() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        settings.maxPageEvents = 3
        let fixture = HubFixture(settings)
        fixture.create(.a)
        fixture.commit(.a, count: 8)
        fixture.flush()
        let reader = fixture.open(.a)
        fixture.flush()
        #expect(fixture.names(reader) == ["status"])
        fixture.commit(.a, count: 2)
        fixture.flush()
        fixture.store.answer(at: 0, to: fixture.hub)
        fixture.commit(.a, count: 1)
        fixture.settle()
        #expect(fixture.ids(reader) == (1...11).map { "e1-\($0)" })
        fixture.commit(.a, count: 1)
        fixture.flush()
        #expect(fixture.ids(reader).last == "e1-12")
    }

    @Test func terminalEventEndsTheStreamInTheSameSend() {
        let fixture = HubFixture()
        fixture.create(.a)
        let reader = fixture.open(.a)
        fixture.flush()
        fixture.complete(.a)
        fixture.flush()
        #expect(fixture.names(reader) == ["status", "status", "completed"])
        #expect(fixture.isFinished(reader))
        #expect(fixture.output.sockets[reader]!.sends == 1)
        #expect(fixture.hub.metrics.open == 0)
        #expect(fixture.hub.metrics.closed[.ended] == 1)
    }

    @Test func endedLogIsReplayedAndEnds() {
        let fixture = HubFixture()
        fixture.create(.a)
        fixture.commit(.a, count: 2)
        fixture.complete(.a)
        fixture.flush()
        let reader = fixture.open(.a, after: "e1-1")
        fixture.settle()
        #expect(fixture.names(reader) == ["status", "step", "completed"])
        #expect(fixture.isFinished(reader))
    }

    @Test func statusNeverComesBehindTheTerminalEvent() {
        let fixture = HubFixture()
        let run = fixture.create(.a)
        let reader = fixture.open(.a)
        fixture.flush()
        let event = fixture.store.append("completed", "1", to: run)
        run.hasEnded = true
        fixture.hub.commitEvents(.a, run.ref, run.epoch, [event])
        fixture.setState("completed", .a)
        fixture.flush()
        #expect(fixture.names(reader) == ["status", "status", "completed"])
    }

    @Test func eventsOfAPageAreNotRepeatedWhenTheirNoticeComesLater() {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 0
        let fixture = HubFixture(settings)
        let run = fixture.create(.a)
        fixture.commit(.a, count: 2)
        fixture.flush()
        let reader = fixture.open(.a)
        fixture.flush()
        // The store has two more events than the hub was told of when the page is read.
        let late = [fixture.store.append("step", "3", to: run), fixture.store.append("step", "4", to: run)]
        fixture.settle()
        #expect(fixture.ids(reader) == ["e1-1", "e1-2", "e1-3", "e1-4"])
        fixture.hub.commitEvents(.a, run.ref, run.epoch, late)
        fixture.commit(.a, count: 1)
        fixture.flush()
        #expect(fixture.ids(reader) == ["e1-1", "e1-2", "e1-3", "e1-4", "e1-5"])
    }

    @Test func channelThatDoesNotExistYetIsFollowedFromItsFirstEvent() {
        let fixture = HubFixture()
        let reader = fixture.open(.news)
        fixture.settle()
        fixture.commit(.news, count: 2)
        fixture.flush()
        #expect(fixture.ids(reader) == ["e1-1", "e1-2"])
        #expect(!fixture.names(reader).contains("gap"))
    }

    @Test func channelThatWasCreatedBeforeTheStoreAnsweredIsFollowedFromItsFirstEvent() {
        let fixture = HubFixture()
        let reader = fixture.open(.news)
        fixture.flush()
        fixture.commit(.news, count: 1)
        fixture.settle()
        #expect(fixture.ids(reader) == ["e1-1"])
    }

    @Test func questionsThatTheSourceRefusedAreAskedAgain() {
        let fixture = HubFixture()
        fixture.store.refusesQuestions = true
        fixture.commit(.talk, count: 1)
        let reader = fixture.open(.news)
        fixture.flush()
        #expect(fixture.store.questionCount == 0)
        fixture.store.refusesQuestions = false
        fixture.pass(ms: 100)
        fixture.settle()
        fixture.commit(.news, count: 1)
        fixture.flush()
        #expect(fixture.ids(reader) == ["e2-1"])
    }

    @Test func theFirstEmissionTimeIsHandedOutForTheEventsThatLeft() {
        let fixture = HubFixture()
        var delivered: [[UInt64]] = []
        fixture.hub.didDeliver = { delivered.append([UInt64($0), $1]) }
        fixture.create(.a)
        fixture.commit(.a, [("step", "1")], emittedAtNs: 1)
        fixture.flush()
        #expect(delivered.isEmpty)
        _ = (fixture.open(.a), fixture.open(.a), fixture.open(.a, .news))
        fixture.flush()
        fixture.commit(.a, [("step", "1"), ("step", "2")], emittedAtNs: 2)
        fixture.commit(.a, [("step", "3")], emittedAtNs: 3)
        fixture.flush()
        #expect(delivered == [[3, 2]])
    }
}
