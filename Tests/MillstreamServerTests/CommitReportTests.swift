// What a commit's report holds while it waits for the loop, and which reports go back to the journal's thread.

import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamRuntime
import Testing

@testable import MillstreamServer

@Suite struct CommitReportTests {
    private let epoch: Epoch

    init() throws {
        epoch = try #require(Epoch("e1"))
    }

    private func record(inputBytes: Int) -> JobRecord {
        JobRecord(
            ref: LogRef(1), id: JobID(trusted: "a"), kind: "k",
            input: StoredValue(JSONText(trusted: [UInt8](repeating: 0x31, count: inputBytes))), epoch: epoch,
            createdAt: Timestamp(milliseconds: 0))
    }

    private func events(_ count: Int64, bytes: Int) -> CommitNotice {
        let events = (1...count).map {
            let data = JSONText(trusted: [UInt8](repeating: 0x31, count: bytes))
            return EventRecord(sequence: $0, name: "step", data: data, time: Timestamp(milliseconds: 0))
        }
        return .events(.job(JobID(trusted: "a")), LogRef(1), epoch, events)
    }

    private func report(_ notices: [CommitNotice], reply: LedgerReply? = nil) -> CommitReport {
        var report = LaneReport()
        report.notices = notices
        report.replies = reply.map { [LaneAnswer(ticket: LaneTicket(1), reply: $0)] } ?? []
        report.emittedAtNs = [9, 7, 8]
        return CommitReport(report)
    }

    private func heldEvents(_ report: CommitReport) -> Int {
        report.report.notices.reduce(0) { count, notice in
            guard case .events(_, _, _, let events) = notice else { return count }
            return count + events.count
        }
    }

    @Test func smallReportsOfEventsGoBackWithTheirAnswers() {
        #expect(report([events(3, bytes: 100)]).isWorthReturning)
        #expect(report([events(3, bytes: 100)], reply: .published([])).isWorthReturning)
        #expect(report([.job(record(inputBytes: 10)), events(3, bytes: 100)]).isWorthReturning)
    }

    /// An idle journal would hold them until it has something to store.
    @Test func reportsWithLargeTextsOfJobsOrWithoutEventsDoNot() {
        let large = record(inputBytes: CommitReport.maxReturnedBytes)
        #expect(!report([events(1, bytes: 2)], reply: .job(large, isNew: true)).isWorthReturning)
        #expect(!report([.job(large), events(1, bytes: 2)]).isWorthReturning)
        #expect(!report([.refreshed(large), events(1, bytes: 2)]).isWorthReturning)
        #expect(!report([.job(record(inputBytes: 1))]).isWorthReturning)
        #expect(!report([]).isWorthReturning)
    }

    @Test func aLargeReportHoldsItsEventsOnce() {
        let large = report([events(100, bytes: 1_000), .trimmed(.channel("c"), LogRef(2), through: 1)])
        #expect(!large.isWorthReturning)
        #expect(large.texts.byteCount > 100_000 && large.texts.count == 1)
        #expect(heldEvents(large) == 0 && large.report.notices.count == 2)
        #expect(large.report.notices[0].bringsEvents && large.report.notices[0].jobID == JobID(trusted: "a"))
        #expect(heldEvents(report([events(3, bytes: 100)])) == 3, "small ones go back whole")
    }

    @Test func theOldestEmissionIsAllThatIsKeptOfTheTimes() {
        let report = report([events(3, bytes: 1)])
        #expect(report.emittedAtNs == 7 && report.report.emittedAtNs.isEmpty)
    }
}
