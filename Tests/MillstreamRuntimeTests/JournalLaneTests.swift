import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// The lane with a real ledger: batches, answers, due times, and the end. What a store at fault does to it: LaneFaultTests.

struct JournalLaneTests {
    @Test func aJobIsAnsweredThenRunsToItsEnd() throws {
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: CountingJobs.counter(10))
        guard case .job(let record, isNew: true) = try bench.log.reply(to: bench.create("count", 1)) else {
            Issue.record("no job")
            return
        }
        #expect(record.id.text == "j1")
        try bench.log.waitForEnd(of: 1)
        CountingJobs.expectWhole(ReportLog.events(bench.log.all)[.job(record.id)], 10)
        let last = try #require(bench.log.all.last)
        #expect(last.storeHealth == .ok && last.measures.failedCommits == 0)
        #expect(bench.log.all.flatMap(\.emittedAtNs).count == 10)
    }

    @Test func whatWaitsTogetherIsOneCommit() throws {
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: CountingJobs.counter(0)) { lane in
            for number in 1...500 {
                var job = NewJob(kind: "count", input: .emptyObject)
                job.id = JobID(trusted: "j\(number)")
                #expect(lane.submit(.create(job), ticket: LaneTicket(UInt64(number))))
            }
        }
        try bench.log.waitForEnd(of: 500)
        let first = try #require(bench.log.all.first { !$0.replies.isEmpty })
        #expect(first.replies.count == 500 && first.measures.commands == 500)
        #expect(first.replies.map(\.ticket.number) == Array(1...500))
    }

    @Test func whoWaitsForACommitIsToldBeforeTheStoreMakesRoomForTheNext() throws {
        let isCreated = Locked(false)
        let wereTold = Locked<Bool?>(nil)
        let faults = FaultyStore.Faults { _, batch in
            if batch.contains(where: { if case .insertJob = $0 { true } else { false } }) {
                isCreated.withLock { $0 = true }
            }
            return nil
        }
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: CountingJobs.counter(0), faults: faults)
        faults.room.withLock {
            $0 = { [log = bench.log] in
                guard isCreated.withLock({ $0 }) else { return }
                let told = log.all.contains { !$0.replies.isEmpty }
                wereTold.withLock { $0 = $0 ?? told }
            }
        }
        _ = try bench.log.reply(to: bench.create("count", 1))
        try bench.log.waitForEnd(of: 1)
        #expect(wereTold.withLock { $0 } == true)
    }

    /// What the store puts off under a load, it is asked for again when the load has passed.
    @Test func maintenanceUnderALoadIsFollowedByOneAtRest() throws {
        var limits = LaneLimits()
        limits.maxBatchesWithoutMaintenance = 1
        limits.maintainIntervalMs = 1
        let faults = FaultyStore.Faults()
        let wasUnderLoad = Locked(false)
        let didRest = DispatchSemaphore(value: 0)
        faults.maintained.withLock {
            $0 = { isIdle in
                if !isIdle { wasUnderLoad.withLock { $0 = true } }
                if isIdle, wasUnderLoad.withLock({ $0 }) { didRest.signal() }
            }
        }
        let bench = try LaneBench(
            kinds: CountingJobs.kinds, handlers: CountingJobs.counter(1), limits: limits, faults: faults)
        _ = try bench.log.reply(to: bench.create("count", 1))
        try bench.log.waitForEnd(of: 1)
        #expect(didRest.wait(timeout: .now() + 120) == .success)
    }

    @Test func theTimeForMakingRoomIsToldWithTheNextReport() throws {
        let rooms = Locked(0)
        let faults = FaultyStore.Faults()
        faults.room.withLock { $0 = { rooms.withLock { $0 += 1 } } }
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: CountingJobs.counter(20), faults: faults)
        _ = try bench.log.reply(to: bench.create("count", 1))
        try bench.log.waitForEnd(of: 1)
        let stored = bench.log.all.filter { $0.measures.mutations > 0 }
        let first = try #require(stored.first)
        #expect(first.measures.roomNs == 0)
        #expect(stored.dropFirst().allSatisfy { $0.measures.roomNs > 0 })
        #expect(stored.count > 1)
        #expect(rooms.withLock { $0 } > 0)
    }

    /// Or the loop would be told of room that it does not have, and refuse whom it could take.
    @Test func whoIsAnsweredHasLeftTheQueueByThen() throws {
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: CountingJobs.counter(1))
        let ticket = bench.create("count", 1)
        _ = try bench.log.reply(to: ticket)
        let report = bench.log.all.first { $0.replies.contains { $0.ticket == ticket } }
        #expect(report?.measures.callerDepth == 0)
    }

    @Test func whatIsGivenBackIsLetGoOfByTheLane() throws {
        final class Spent: Sendable {}
        weak var given: Spent?
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: CountingJobs.counter(1))
        do {
            let spent = Spent()
            given = spent
            bench.lane.giveBack(spent)
        }
        // It goes behind the report that has the first answer, before the lane looks for the next command.
        for number in 1...2 { _ = try bench.log.reply(to: bench.create("count", number)) }
        #expect(given == nil)
    }

    @Test func maintenanceThatFailedWaitsForItsTimeHoweverManyBatchesCome() {
        var limits = LaneLimits()
        limits.maxBatchesWithoutMaintenance = 2
        limits.maintainIntervalMs = 1000
        var maintenance = StoreMaintenance(limits: limits)
        let now = MonotonicTime(nanoseconds: 1_000_000_000)
        maintenance.didCommit()
        #expect(!maintenance.isDue(at: MonotonicTime(nanoseconds: 0), isIdle: false))
        maintenance.didCommit()
        #expect(maintenance.isDue(at: now, isIdle: false))
        maintenance.didFail(CountingJobs.fault, at: now)
        for _ in 0..<5 { maintenance.didCommit() }
        #expect(!maintenance.isDue(at: now.advanced(byMs: 999), isIdle: false))
        #expect(maintenance.isDue(at: now.advanced(byMs: 1000), isIdle: false))
    }

    @Test func theQueueOfTheLoopIsBoundedAndSaysSo() throws {
        var limits = LaneLimits()
        limits.maxCallerCommands = 3
        let lane = JournalLane(limits: limits)
        let results = (1...4).map { lane.submit(.create(NewJob(kind: "k", input: .null)), ticket: LaneTicket($0)) }
        #expect(results == [true, true, true, false])
        // What has no answer is not refused: it comes once.
        #expect(lane.submit(.drain))
    }

    @Test func aFullMailboxLosesNoReport() throws {
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: CountingJobs.counter(50))
        bench.log.refuseNext(7)
        _ = try bench.log.reply(to: bench.create("count", 1))
        bench.log.refuseNext(5)
        try bench.log.waitForEnd(of: 1)
        CountingJobs.expectWhole(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j1"))], 50)
        // The last may be on its way.
        let made = bench.log.madeCount
        #expect(made <= bench.log.all.count + 1, "each message is made once, however often it is tried")
    }

    @Test func dueTimesActWithoutACommand() throws {
        var slow = JobKind(name: "slow", worker: .swift)
        slow.timeoutMs = 50
        let bench = try LaneBench(
            kinds: [slow],
            handlers: [
                "slow": Closure { job in
                    try await job.sleep(forMs: 600_000)
                    return nil
                }
            ])
        _ = try bench.log.reply(to: bench.create("slow", 1))
        try bench.log.waitForEnd(of: 1)
        let end = try #require(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j1"))]?.last)
        #expect(end.data.member("error")?.member("code")?.stringValue == "timeout")
    }

    @Test func stoppingStoresWhatIsQueuedAndCloses() throws {
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: [:]) { lane in
            for number in 1...5000 {
                var job = NewJob(kind: "count", input: .emptyObject)
                job.id = JobID(trusted: "j\(number)")
                job.runAt = Timestamp(milliseconds: 32_503_680_000_000)
                if number <= 4096 { #expect(lane.submit(.create(job), ticket: LaneTicket(UInt64(number)))) }
            }
        }
        #expect(bench.lane.stop() == 0)
        #expect(bench.log.all.flatMap(\.replies).count == 4096)
        #expect(bench.faults.isClosed.withLock { $0 })
        #expect(!bench.lane.submit(.drain))
        bench.lane.stop()
    }

    @Test func stoppingGivesUpOnAStoreThatStaysAtFault() throws {
        var limits = LaneLimits()
        limits.stopTimeoutMs = 200
        limits.maxRetryMs = 10
        let bench = try LaneBench(
            kinds: [JobKind(name: "talk", worker: .swift)],
            handlers: [
                "talk": Closure { job in
                    while true { try await job.emit("word") }
                }
            ], limits: limits)
        _ = try bench.log.reply(to: bench.create("talk", 1))
        bench.faults.set { _, _ in CountingJobs.fault }
        try bench.log.wait { $0.last?.storeHealth == .faulty(CountingJobs.fault) }
        bench.pool.stop(graceMs: 1000)
        let start = MonotonicTime.current()
        #expect(bench.lane.stop() > 0)
        #expect(MonotonicTime.current().milliseconds(since: start) < 10_000)
        #expect(bench.faults.isClosed.withLock { $0 })
    }

    @Test func aStoreThatDoesNotOpenStopsTheStart() {
        let lane = JournalLane()
        let surroundings = LaneSurroundings(delivery: { _ in { true } }, direct: { _ in })
        #expect(throws: JournalError(.locked, "by another")) {
            _ = try lane.start(surroundings: surroundings) { () throws(JournalError) in
                throw JournalError(.locked, "by another")
            }
        }
        #expect(!lane.submit(.drain))
        lane.stop()
    }

    @Test func programsRunUnderTheLaneAndEndWithACancel() throws {
        let exec = JobKind(name: "sh", worker: .exec(arguments: ["sh", "-c", "echo up; sleep 300"], directory: "/"))
        let bench = try LaneBench(kinds: [exec])
        _ = try bench.log.reply(to: bench.create("sh", 1))
        try bench.log.wait { ReportLog.events($0)[.job(JobID(trusted: "j1"))] != nil }
        #expect(bench.lane.submit(.cancel(JobID(trusted: "j1")), ticket: LaneTicket(2)))
        try bench.log.waitForEnd(of: 1)
        #expect(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j1"))]?.last?.name == "cancelled")
    }
}
