import Testing

@testable import Load

@Suite struct StreamScannerTests {
    /// All that a stream may hold, framed in chunks that do not end where events do.
    private static let body: [UInt8] = {
        let text =
            "event: status\nretry: 2000\ndata: {\"state\":\"queued\"}\n\n" + ": heartbeat\n"
            + "id: k3-1\nevent: progress\ndata: {\"t\":5,\"n\":1}\n\n"
            + "id: k3-2\r\nevent: a\r\ndata: {\"x\":1, \"t\": 7}\r\n\r\n"
            + "event: gap\ndata: {\"from\":\"k3-3\",\"to\":\"k3-4\"}\n\n" + "id: k3-5\ndata: one\ndata: two\n\n"
            + "id: k3-5\ndata: again\n\n" + "id: x:1\ndata: {\"t\":9,\"seq\":6}\n\n" + "id: broken\ndata: y\n\n"
            + "id: k3-7\nevent: completed\ndata: {}\n\n"
        let bytes = Array(text.utf8)
        let cuts = [0, 3, 40, 41, 97, 160, bytes.count]
        let chunks = zip(cuts, cuts.dropFirst()).flatMap { EventFrames.chunk(Array(bytes[$0..<$1])) }
        return chunks + EventFrames.lastChunk
    }()

    @Test func everythingIsCounted() {
        let reading = StreamReading()
        #expect(reading.body(Self.body) == .ended)
        let tally = reading.tally.pointee
        #expect(tally.events == 7)
        #expect(tally.gaps == 2)
        #expect(tally.duplicates == 1)
        #expect(tally.gapEvents == 1)
        #expect(tally.unreadableIds == 1)
        #expect(tally.announcements == 1)
        #expect(tally.comments == 1)
        #expect(tally.latency.totalCount == 3)
        #expect(reading.state.pointee.terminal == .completed)
        #expect(reading.state.pointee.lastSequence == 7)
    }

    @Test func anySplitInTwoGivesTheSame() {
        let whole = StreamReading()
        whole.body(Self.body)
        for cut in 1..<Self.body.count {
            let reading = StreamReading()
            reading.body(Array(Self.body[..<cut]))
            #expect(reading.body(Array(Self.body[cut...])) == .ended)
            #expect(reading.summary == whole.summary, "cut at \(cut)")
        }
    }

    @Test(arguments: 1...9) func piecesOfOneLengthGiveTheSame(length: Int) {
        let whole = StreamReading()
        whole.body(Self.body)
        let reading = StreamReading()
        for start in stride(from: 0, to: Self.body.count, by: length) {
            reading.body(Array(Self.body[start..<min(start + length, Self.body.count)]))
        }
        #expect(reading.summary == whole.summary)
    }

    @Test func aLineBeyondTheBoundEndsTheStream() {
        let reading = StreamReading()
        let piece = String(repeating: "x", count: 1 << 20)
        let fits = (0..<17).map { _ in reading.text(piece) }
        #expect(fits.prefix(16).allSatisfy { $0 })
        #expect(fits.last == false)
    }

    @Test func numbersBeyondAnyIntegerDoNotTrap() {
        let reading = StreamReading()
        reading.text("id: 99999999999999999999999999\ndata: {\"t\":99999999999999999999999}\n\n")
        reading.text("id: k3-18446744073709551614\ndata: x\n\nid: k3-1\ndata: x\n\n")
        #expect(reading.tally.pointee.events == 3)
    }
}

@Suite struct ContinuityTests {
    @Test func theFirstNumberOfAChannelIsTakenAsItIs() {
        let reading = StreamReading()
        reading.text("id: 41\ndata: x\n\nid: 42\ndata: x\n\n")
        #expect(reading.summary[1...2] == [0, 0])
    }

    @Test func skippedNumbersAreCountedAndAnOldOneIsADuplicate() {
        let reading = StreamReading()
        reading.text("id: e-1\ndata: x\n\nid: e-4\ndata: x\n\nid: e-2\ndata: x\n\nid: e-5\ndata: x\n\n")
        #expect(reading.tally.pointee.gaps == 2)
        #expect(reading.tally.pointee.duplicates == 1)
        #expect(reading.state.pointee.lastSequence == 5)
    }

    @Test func numbersGoOnOverAReconnect() {
        let reading = StreamReading()
        reading.text("id: e-7\ndata: x\n\nid: e-8\nda")
        reading.state.pointee.beginConnection()
        reading.text("id: e-8\ndata: x\n\nid: e-9\ndata: x\n\n")
        #expect(reading.summary[1...2] == [0, 0])
        reading.state.pointee.beginConnection()
        reading.text("id: e-11\ndata: x\n\n")
        #expect(reading.tally.pointee.gaps == 1)
    }

    @Test func aNewEpochCountsFromOne() {
        let reading = StreamReading()
        reading.text("id: old-7\ndata: x\n\nid: new-1\ndata: x\n\nid: newer-3\ndata: x\n\n")
        #expect(reading.tally.pointee.gaps == 2)
        #expect(reading.tally.pointee.duplicates == 0)
    }

    @Test func anEventFromBeforeTheRequestIsReplayAndHasNoLatency() {
        let reading = StreamReading()
        reading.state.pointee.connectedAt = 100
        reading.text("id: 1\ndata: {\"t\":99}\n\nid: 2\ndata: {\"t\":101}\n\n", now: 150)
        #expect(reading.tally.pointee.replayed == 1)
        #expect(reading.tally.pointee.latency.totalCount == 1)
        reading.tally.pointee.timesReplay = true
        reading.text("id: 3\ndata: {\"t\":99}\n\n", now: 150)
        #expect(reading.tally.pointee.latency.totalCount == 2)
    }
}
