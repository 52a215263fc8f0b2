import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// A lane with a real ledger and real workers, and a loop's place taken by what the test collects: all reports, in order.

final class LaneBench: Sendable {
    let lane: JournalLane
    let pool: WorkerPool
    let faults: FaultyStore.Faults
    let log = ReportLog()
    let readers: [JournalReaderHandover]

    init(
        kinds: [JobKind], handlers: [String: any JobHandler] = [:], limits: LaneLimits = LaneLimits(), readers: Int = 1,
        faults: FaultyStore.Faults = FaultyStore.Faults(),
        prepare: (JournalLane) -> Void = { _ in }
    ) throws {
        lane = JournalLane(limits: limits)
        self.faults = faults
        let pool = WorkerPool(lane: lane, handlers: handlers)
        self.pool = pool
        prepare(lane)
        let log = log
        let surroundings = LaneSurroundings(delivery: { log.delivery(of: $0) }, direct: { pool.perform($0) })
        self.readers = try lane.start(readers: readers, surroundings: surroundings) { () throws(JournalError) in
            let store = FaultyStore(faults)
            return LaneJournal(store: store, ledger: JobLedger(kinds: kinds, store: store))
        }
    }

    deinit {
        pool.stop(graceMs: 0)
        lane.stop()
    }

    func create(_ kind: String, _ number: Int, input: JSONText = .emptyObject) -> LaneTicket {
        var job = NewJob(kind: kind, input: input)
        job.id = JobID(trusted: "j\(number)")
        let ticket = LaneTicket(UInt64(number))
        #expect(lane.submit(.create(job), ticket: ticket))
        return ticket
    }

    /// Creates, and again while the store refuses, as a client would.
    func createPersistently(_ kind: String, _ number: Int) throws {
        var ticket = number << 20
        while true {
            var job = NewJob(kind: kind, input: .emptyObject)
            job.id = JobID(trusted: "j\(number)")
            ticket += 1
            #expect(lane.submit(.create(job), ticket: LaneTicket(UInt64(ticket))))
            switch try log.reply(to: LaneTicket(UInt64(ticket))) {
            case .job: return
            case .refused(.store): sched_yield()
            case let other:
                Issue.record("unexpected reply: \(other)")
                return
            }
        }
    }
}

/// What the loop was told.
final class ReportLog: @unchecked Sendable {
    // Sendable: touched only with `condition` held.
    private let condition = ConditionLock()
    private var reports: [LaneReport] = []
    private var refusals = 0
    private var made = 0

    /// So many deliveries are refused first, as by a full mailbox.
    func refuseNext(_ count: Int) {
        condition.withLock { refusals = count }
    }

    func delivery(of report: LaneReport) -> () -> Bool {
        condition.withLock { made += 1 }
        return { self.take(report) }
    }

    /// How many messages were made of reports, delivered or not.
    var madeCount: Int { condition.withLock { made } }

    private func take(_ report: LaneReport) -> Bool {
        condition.withLock {
            if refusals > 0 {
                refusals -= 1
                return false
            }
            reports.append(report)
            condition.broadcast()
            return true
        }
    }

    var all: [LaneReport] { condition.withLock { reports } }

    /// Waits for a report that fits.
    func wait(seconds: Int = 300, _ matches: ([LaneReport]) -> Bool) throws {
        let deadline = MonotonicTime.current().advanced(byMs: seconds * 1000)
        try condition.withLock {
            while !matches(reports) {
                guard condition.wait(until: deadline) else {
                    throw BenchTimeout(seen: reports.suffix(5).map { "\($0)" })
                }
            }
        }
    }

    func reply(to ticket: LaneTicket) throws -> LedgerReply {
        var found: LedgerReply?
        try wait { reports in
            found = reports.lazy.flatMap(\.replies).first { $0.ticket == ticket }?.reply
            return found != nil
        }
        guard let found else { throw BenchTimeout(seen: []) }
        return found
    }

    func waitForEnd(of count: Int, seconds: Int = 300) throws {
        try wait(seconds: seconds) { reports in
            Self.events(reports).values.filter { EventName.isTerminal($0.last?.name ?? "") }.count >= count
        }
    }

    /// Each log's events, in the order of the reports.
    static func events(_ reports: [LaneReport]) -> [LogName: [EventRecord]] {
        var logs: [LogName: [EventRecord]] = [:]
        for report in reports {
            for case .events(let name, _, _, let events) in report.notices { logs[name, default: []] += events }
        }
        return logs
    }
}

extension EventName {
    static func isTerminal(_ name: String) -> Bool {
        ["completed", "failed", "cancelled"].contains(name)
    }
}
