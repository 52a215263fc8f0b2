// The rules of one reader in one log, without a hub.

import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamStreams

@Suite struct LogReadingTests {
    private let epoch = Epoch("k3")!

    /// `p` is a progress event, `s` another.
    private func events(_ names: String, first: Int64 = 1) -> EncodedEvents {
        let events = names.enumerated().map { offset, name in
            EventRecord(
                sequence: first + Int64(offset), name: name == "p" ? "progress" : "step", data: .null,
                time: Timestamp(milliseconds: 0))
        }
        return EncodedEvents(events, epoch: epoch)
    }

    private func pieces(_ reading: inout LogReading, _ events: EncodedEvents, newest: Int64) -> [LogReading.Piece] {
        var pieces: [LogReading.Piece] = []
        while let piece = reading.next(in: events, newestProgress: newest, maxBytes: 1000) { pieces.append(piece) }
        return pieces
    }

    @Test func readerThatNeverCaughtUpGetsEverything() {
        var reading = LogReading(after: 0)
        reading.didDrain(logEnd: 5)
        #expect(pieces(&reading, events("ppspp"), newest: 5) == [.events(1...5)])
    }

    @Test func onlyWhatCameBeforeTheDrainIsLeftOut() {
        var reading = LogReading(after: 0)
        reading.didCatchUp()
        reading.didDrain(logEnd: 3)
        #expect(pieces(&reading, events("pppppp"), newest: 6) == [.skipped(1...3), .events(4...6)])
    }

    @Test func runThatGoesOnInTheNextPageIsAnnouncedOnce() {
        var reading = LogReading(after: 0)
        reading.didCatchUp()
        reading.didDrain(logEnd: 6)
        #expect(pieces(&reading, events("spp"), newest: 6).map { $0 } == [.events(1...1)])
        #expect(reading.received == 1)
        #expect(reading.sequence == 3)
        #expect(pieces(&reading, events("ppp", first: 4), newest: 6) == [.skipped(2...5), .events(6...6)])
    }

    @Test func piecesKeepToTheirLengthButGiveOneEvent() {
        var reading = LogReading(after: 0)
        let run = events("ssss")
        let one = run.byteCount(of: 1)
        #expect(reading.next(in: run, newestProgress: 0, maxBytes: 2 * one) == .events(1...2))
        #expect(reading.next(in: run, newestProgress: 0, maxBytes: 1) == .events(3...3))
    }

    @Test func slotOfAReaderHas56Bytes() {
        #expect(MemoryLayout<ReaderSlot>.stride == 56)
    }

    @Test func droppedEventsLeaveTheOthersWhereTheyWere() {
        var run = events(String(repeating: "s", count: 100))
        let total = run.byteCount
        for limit in stride(from: total, through: 0, by: -37) {
            run.shrink(toBytes: limit)
            #expect(run.byteCount <= limit)
            guard !run.isEmpty else { continue }
            for sequence in [run.first, run.last] {
                let text = run.withText(of: sequence...sequence) { String(decoding: $0, as: UTF8.self) }
                #expect(text == "id: k3-\(sequence)\nevent: step\ndata: null\n\n")
                let rest = run.withTextAfterID(of: sequence) { String(decoding: $0, as: UTF8.self) }
                #expect(rest == "event: step\ndata: null\n\n")
            }
        }
        #expect(run.isEmpty)
    }
}
