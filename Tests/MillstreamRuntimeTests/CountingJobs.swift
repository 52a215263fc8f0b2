import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// Jobs that count, for tests of the lane: what they say shows whether an event was lost, doubled or out of order.

enum CountingJobs {
    static let fault = JournalError(.full, "the test says so")

    /// Emits numbered events, on several jobs at once.
    static func counter(_ count: Int) -> [String: any JobHandler] {
        [
            "count": Closure { job in
                for number in 0..<count { try await job.emit("n", .string("\(number)")) }
                return .string("done")
            }
        ]
    }

    static let kinds = [JobKind(name: "count", worker: .swift, concurrency: 1000)]

    static func expectWhole(_ events: [EventRecord]?, _ count: Int, _ note: Comment? = nil) {
        let events = events ?? []
        #expect(events.map(\.sequence) == Array(1...Int64(max(1, events.count))), note)
        #expect(events.filter { $0.name == "n" }.map(\.data.text) == (0..<count).map { "\"\($0)\"" }, note)
        #expect(events.filter { EventName.isTerminal($0.name) }.count == 1, note)
        #expect(events.last?.name == "completed", note)
    }
}
