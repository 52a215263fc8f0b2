import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// Reads beside the lane.

struct ReplayLanesTests {
    private final class Answers: @unchecked Sendable {
        // Sendable: touched only with `condition` held.
        private let condition = ConditionLock()
        private var reports: [UInt64: ReadReport] = [:]
        private var refusals = 0

        func refuseNext(_ count: Int) {
            condition.withLock { refusals = count }
        }

        func take(_ report: ReadReport) -> Bool {
            condition.withLock {
                if refusals > 0 {
                    refusals -= 1
                    return false
                }
                reports[report.ticket.number] = report
                condition.broadcast()
                return true
            }
        }

        func answer(_ number: UInt64) throws -> ReadResult {
            let deadline = MonotonicTime.current().advanced(byMs: 120_000)
            return try condition.withLock {
                while true {
                    if let report = reports[number] { return try report.result.get() }
                    guard condition.wait(until: deadline) else { throw BenchTimeout(seen: []) }
                }
            }
        }
    }

    private func bench(readers: Int) throws -> (LaneBench, ReplayLanes, Answers) {
        let count: [String: any JobHandler] = [
            "count": Closure { job in
                for number in 1...5 { try await job.emit("n", .string("\(number)")) }
                return .string("done")
            }
        ]
        let bench = try LaneBench(kinds: [JobKind(name: "count", worker: .swift)], handlers: count, readers: readers)
        let answers = Answers()
        return (bench, ReplayLanes(readers: bench.readers) { answers.take($0) }, answers)
    }

    @Test(arguments: [1, 2, 3]) func everyQuestionHasItsAnswer(readers: Int) throws {
        let (bench, lanes, answers) = try bench(readers: readers)
        defer { lanes.stop() }
        guard case .job(let record, _) = try bench.log.reply(to: bench.create("count", 1)) else { return }
        try bench.log.waitForEnd(of: 1)
        let name = LogName.job(record.id)
        let requests: [ReadRequest] = [
            .page(record.ref, after: 2, maxEvents: 2, maxBytes: 1 << 20), .head(name), .head(.channel("none")),
            .eventsPage(name, after: 0, maxEvents: 100, maxBytes: 1 << 20), .job(record.id), .jobByRef(record.ref),
            .jobs(JobFilter(), before: nil, limit: 10), .upload("none"), .statistics, .job(JobID(trusted: "none")),
        ]
        answers.refuseNext(3)
        for (number, request) in requests.enumerated() {
            #expect(lanes.read(request, ticket: LaneTicket(UInt64(number))))
        }
        guard case .events(let page) = try answers.answer(0), case .head(let head?) = try answers.answer(1),
            case .head(nil) = try answers.answer(2),
            case .eventsPage(let pageHead?, let events) = try answers.answer(3),
            case .job(let job?) = try answers.answer(4), case .job(let sameJob?) = try answers.answer(5),
            case .jobs(let list, nil) = try answers.answer(6), case .upload(nil) = try answers.answer(7),
            case .statistics(let statistics) = try answers.answer(8), case .job(nil) = try answers.answer(9)
        else {
            Issue.record("an answer of another sort")
            return
        }
        #expect(page.map(\.sequence) == [3, 4])
        #expect(events.count == 6 && events.last?.name == "completed")
        #expect(head == pageHead && head.ref == record.ref && head.lastSequence == 6 && head.trimmedThrough == 0)
        #expect(job.state == .completed && sameJob == job && list.count == 1 && statistics.jobs == 1)
    }

    @Test func aListHasAllTextsAndEndsEarlyWhenTheyAreLong() throws {
        let store = MemoryStore(maxBytes: 64 << 20)
        let half = JSONText.string(String(repeating: "x", count: ReplayLane.maxListBytes / 2))
        let epoch = try #require(Epoch("e"))
        let jobs = (1...4).map { number in
            var job = JobRecord(
                ref: LogRef(Int64(number)), id: JobID(trusted: "j\(number)"), kind: "k", input: StoredValue(half),
                epoch: epoch, createdAt: Timestamp(milliseconds: 0))
            if number == 1 { job.result = job.input }
            return job
        }
        try store.commit(jobs.map { .insertJob($0) })
        let answers = Answers()
        let lanes = ReplayLanes(readers: [JournalReaderHandover(store)]) { answers.take($0) }
        defer { lanes.stop() }
        for (ticket, before) in [nil, LogRef(3), LogRef(2)].enumerated() {
            let request = ReadRequest.jobs(JobFilter(), before: before, limit: 3)
            #expect(lanes.read(request, ticket: LaneTicket(UInt64(ticket))))
        }
        #expect(try answers.answer(0) == .jobs([jobs[3], jobs[2]], next: LogRef(3)))
        #expect(try answers.answer(1) == .jobs([jobs[1], jobs[0]], next: nil))
        #expect(try answers.answer(2) == .jobs([jobs[0]], next: nil))
    }

    @Test func readsBeyondTheBoundAndAfterTheEndAreRefused() throws {
        let (_, lanes, _) = try bench(readers: 1)
        lanes.stop()
        #expect(!lanes.read(.statistics, ticket: LaneTicket(1)))
        let queue = ReadQueue(maxQueued: 2)
        #expect(queue.add(.statistics, LaneTicket(1)) && queue.add(.statistics, LaneTicket(2)))
        #expect(queue.refused == 0)
        #expect(!queue.add(.statistics, LaneTicket(3)))
        #expect(queue.refused == 1)
        #expect(queue.next() != nil)
        #expect(queue.add(.statistics, LaneTicket(4)))
    }

    @Test func aListThatTakesLongDoesNotDelayAPage() throws {
        let release = DispatchSemaphore(value: 0)
        let answers = Answers()
        // The lists' mailbox is slow on purpose: its thread is held where the loop would not take the report.
        let (bench, first, _) = try bench(readers: 2)
        first.stop()
        let pages = JournalReaderHandover(MemoryStore(maxBytes: 1 << 20))
        let lists = JournalReaderHandover(MemoryStore(maxBytes: 1 << 20))
        let lanes = ReplayLanes(readers: [pages, lists]) { report in
            if report.ticket.number == 1 { release.wait() }
            return answers.take(report)
        }
        defer { lanes.stop() }
        #expect(lanes.read(.jobs(JobFilter(), before: nil, limit: 1), ticket: LaneTicket(1)))
        #expect(lanes.read(.job(JobID(trusted: "x")), ticket: LaneTicket(2)))
        #expect(try answers.answer(2) == .job(nil))
        release.signal()
        #expect(try answers.answer(1) == .jobs([], next: nil))
        _ = bench
    }
}
