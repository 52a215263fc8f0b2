// The text of events: put together on the stack where they are short, line by line where they are not.

import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamStreams

@Suite struct EncodedEventsTests {
    @Test func encodedEventsAreTheSameWhateverWayTheyWereWritten() throws {
        let epoch = try #require(Epoch("abcdefghijkl"))
        // Around the bound of what is put together on the stack: 16 bytes are the event's own, 4 its name.
        let bound = EventText.maxPlainBytes - 16 - 4
        let lengths = [0, 1, bound - 1, bound, bound + 1, 10_000]
        let texts = lengths.map { String(repeating: "7", count: $0) } + ["{}", "1\n2"]
        for sequence in [1, 9, 10, 99, 1_000_000_007, Int64.max - 1] {
            for text in texts {
                var events = EncodedEvents()
                let data = JSONText(trusted: Array(text.utf8))
                let time = Timestamp(milliseconds: 0)
                events.append(EventRecord(sequence: sequence, name: "step", data: data, time: time), epoch: epoch)
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { "data: \($0)\n" }
                    .joined()
                let whole = "id: abcdefghijkl-\(sequence)\nevent: step\n\(lines)\n"
                events.withText(of: sequence...sequence) { #expect(Array($0) == Array(whole.utf8)) }
                events.withTextAfterID(of: sequence) {
                    #expect(Array($0) == Array("event: step\n\(lines)\n".utf8))
                }
            }
        }
    }
}
