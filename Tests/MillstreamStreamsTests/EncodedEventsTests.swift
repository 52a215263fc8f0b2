// The text of events: put together on the stack where they are short, line by line where they are not.

import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamStreams

@Suite struct EncodedEventsTests {
    /// As a commit brings it.
    private func append(_ event: EventRecord, _ epoch: Epoch, to events: inout EncodedEvents) {
        var texts = CommitTexts()
        texts.append(.channel("a"), LogRef(1), epoch, [event])
        texts.withPieces { events.append($0.runs[0], $0, skipping: 0) }
    }

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
                append(EventRecord(sequence: sequence, name: "step", data: data, time: time), epoch, to: &events)
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

    /// What is held, kept by the test as an array of texts.
    private struct Model {
        var first: Int64 = 1
        var texts: [String] = []
        var last: Int64 { first + Int64(texts.count) - 1 }
    }

    private func check(_ events: EncodedEvents, _ model: Model) {
        #expect(events.count == model.texts.count && events.isEmpty == model.texts.isEmpty)
        #expect(events.byteCount == model.texts.reduce(0) { $0 + $1.utf8.count })
        #expect(events.heldBytes >= events.byteCount + 8 * events.count)
        guard !model.texts.isEmpty else { return }
        #expect(events.first == model.first && events.last == model.last)
        let whole = events.withText(of: model.first...model.last) { String(decoding: $0, as: UTF8.self) }
        #expect(whole == model.texts.joined())
        for (index, text) in model.texts.enumerated() {
            let sequence = model.first + Int64(index)
            #expect(events.byteCount(of: sequence) == text.utf8.count)
            #expect(events.isProgress(sequence) == text.contains("event: progress"))
            let rest = events.withTextAfterID(of: sequence) { String(decoding: $0, as: UTF8.self) }
            #expect(rest == text.split(separator: "\n", maxSplits: 1)[1])
        }
    }

    @Test(arguments: 1...40) func eventsAreHeldAsAnArrayOfTextsWouldHoldThem(seed: UInt64) throws {
        let epoch = try #require(Epoch("abcdefghijkl"))
        var random = SpreadSource(seed: seed)
        var events = EncodedEvents()
        var model = Model()
        // Copies that were made on the way: what they hold stays, whatever becomes of the original.
        var copies: [(EncodedEvents, Model)] = []
        for _ in 0..<120 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                let next = Int64.random(in: 1...1_000, using: &random)
                events.removeAll(next: next)
                model = Model(first: next)
            case 1, 2:
                let bound = Int.random(in: 0...8_000, using: &random)
                let had = events.byteCount
                #expect(events.shrink(toBytes: bound) == (had > bound))
                #expect(events.byteCount <= max(bound, 0))
                if had > bound {
                    let dropped = model.texts.count - events.count
                    model.first += Int64(dropped)
                    model.texts.removeFirst(dropped)
                }
            case 3: copies.append((events, model))
            default:
                let name = Bool.random(using: &random) ? "progress" : "step"
                let size = Int.random(in: 0...(Bool.random(using: &random) ? 40 : 1_500), using: &random)
                let sequence = events.isEmpty ? Int64.random(in: 1...1_000, using: &random) : model.last + 1
                if events.isEmpty { model = Model(first: sequence) }
                let digits = String(repeating: "7", count: size + 1)
                let data = JSONText(trusted: Array(digits.utf8))
                let time = Timestamp(milliseconds: 0)
                append(EventRecord(sequence: sequence, name: name, data: data, time: time), epoch, to: &events)
                model.texts.append("id: abcdefghijkl-\(sequence)\nevent: \(name)\ndata: \(digits)\n\n")
            }
            check(events, model)
        }
        for (copy, model) in copies { check(copy, model) }
    }
}
