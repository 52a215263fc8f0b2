import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// The lane with a real ledger: batches, answers, faults of the store, and the end.

struct JournalLaneTests {
    private static let fault = JournalError(.full, "the test says so")

    /// Emits numbered events, on several jobs at once.
    private static func counter(_ count: Int) -> [String: any JobHandler] {
        [
            "count": Closure { job in
                for number in 0..<count { try await job.emit("n", .string("\(number)")) }
                return .string("done")
            }
        ]
    }

    private static let kinds = [JobKind(name: "count", worker: .swift, concurrency: 1000)]

    private func expectWhole(_ events: [EventRecord]?, _ count: Int, _ note: Comment? = nil) {
        let events = events ?? []
        #expect(events.map(\.sequence) == Array(1...Int64(max(1, events.count))), note)
        #expect(events.filter { $0.name == "n" }.map(\.data.text) == (0..<count).map { "\"\($0)\"" }, note)
        #expect(events.filter { EventName.isTerminal($0.name) }.count == 1, note)
        #expect(events.last?.name == "completed", note)
    }

    @Test func aJobIsAnsweredThenRunsToItsEnd() throws {
        let bench = try LaneBench(kinds: Self.kinds, handlers: Self.counter(10))
        guard case .job(let record, isNew: true) = try bench.log.reply(to: bench.create("count", 1)) else {
            Issue.record("no job")
            return
        }
        #expect(record.id.text == "j1")
        try bench.log.waitForEnd(of: 1)
        expectWhole(ReportLog.events(bench.log.all)[.job(record.id)], 10)
        let last = try #require(bench.log.all.last)
        #expect(last.storeHealth == .ok && last.measures.failedCommits == 0)
        #expect(bench.log.all.flatMap(\.emittedAtNs).count == 10)
    }

    @Test func whatWaitsTogetherIsOneCommit() throws {
        let bench = try LaneBench(kinds: Self.kinds, handlers: Self.counter(0)) { lane in
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
        let bench = try LaneBench(kinds: Self.kinds, handlers: Self.counter(0), faults: faults)
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

    @Test func theTimeForMakingRoomIsToldWithTheNextReport() throws {
        let rooms = Locked(0)
        let faults = FaultyStore.Faults()
        faults.room.withLock { $0 = { rooms.withLock { $0 += 1 } } }
        let bench = try LaneBench(kinds: Self.kinds, handlers: Self.counter(20), faults: faults)
        _ = try bench.log.reply(to: bench.create("count", 1))
        try bench.log.waitForEnd(of: 1)
        let stored = bench.log.all.filter { $0.measures.mutations > 0 }
        let first = try #require(stored.first)
        #expect(first.measures.roomNs == 0)
        #expect(stored.dropFirst().allSatisfy { $0.measures.roomNs > 0 })
        #expect(stored.count > 1)
        #expect(rooms.withLock { $0 } > 0)
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
        let bench = try LaneBench(kinds: Self.kinds, handlers: Self.counter(50))
        bench.log.refuseNext(7)
        _ = try bench.log.reply(to: bench.create("count", 1))
        bench.log.refuseNext(5)
        try bench.log.waitForEnd(of: 1)
        expectWhole(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j1"))], 50)
    }

    @Test func theFailureOfAnyOneCommitLosesNothing() throws {
        for failing in 1...25 {
            let faults = FaultyStore.Faults { number, _ in number == failing ? Self.fault : nil }
            var limits = LaneLimits()
            limits.firstRetryMs = 1
            limits.maxRetryMs = 4
            limits.maxEmissions = 8
            let bench = try LaneBench(kinds: Self.kinds, handlers: Self.counter(20), limits: limits, faults: faults)
            for number in 1...3 { try bench.createPersistently("count", number) }
            try bench.log.waitForEnd(of: 3)
            let logs = ReportLog.events(bench.log.all)
            for number in 1...3 {
                expectWhole(logs[.job(JobID(trusted: "j\(number)"))], 20, "commit \(failing) failed")
            }
            #expect(bench.log.all.last?.storeHealth == .ok)
        }
    }

    @Test func storesThatFailAtRandomLoseNothing() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("faulty store, seed \(seed)")
        let generator = Locked(SplitMix(seed: seed))
        let faults = FaultyStore.Faults { _, _ in
            generator.withLock { Int.random(in: 0..<3, using: &$0) } == 0 ? Self.fault : nil
        }
        var limits = LaneLimits()
        limits.firstRetryMs = 1
        limits.maxRetryMs = 2
        limits.maxEmissions = 16
        // Chance alone must not put a good command away.
        limits.maxFailuresAlone = 1000
        let bench = try LaneBench(kinds: Self.kinds, handlers: Self.counter(100), limits: limits, faults: faults)
        for number in 1...10 { try bench.createPersistently("count", number) }
        try bench.log.waitForEnd(of: 10)
        let logs = ReportLog.events(bench.log.all)
        for number in 1...10 { expectWhole(logs[.job(JobID(trusted: "j\(number)"))], 100, "seed \(seed)") }
    }

    @Test func whileTheStoreIsAtFaultCallersAreToldAndWorkersWait() throws {
        var limits = LaneLimits()
        limits.maxEmissions = 4
        limits.firstRetryMs = 1
        limits.maxRetryMs = 5
        let bench = try LaneBench(
            kinds: [JobKind(name: "go", worker: .swift)],
            handlers: [
                "go": Closure { job in
                    var messages = job.messages.makeAsyncIterator()
                    try await job.emit("ready")
                    _ = await messages.next()
                    for number in 0..<50 { try await job.emit("n", .string("\(number)")) }
                    return nil
                }
            ], limits: limits)
        _ = try bench.log.reply(to: bench.create("go", 1))
        try bench.log.wait { ReportLog.events($0)[.job(JobID(trusted: "j1"))] != nil }
        #expect(bench.lane.submit(.input(JobID(trusted: "j1"), body: .emptyObject, uploads: []), ticket: LaneTicket(2)))
        guard case .job = try bench.log.reply(to: LaneTicket(2)) else {
            Issue.record("the message was refused")
            return
        }
        bench.faults.set { _, _ in Self.fault }
        try bench.log.wait { $0.last?.storeHealth == .faulty(Self.fault) && $0.last?.measures.waitingEmitters == 1 }
        for number in 10...20 {
            guard case .refused(.store(Self.fault)) = try bench.log.reply(to: bench.create("go", number)) else {
                Issue.record("a create was not refused")
                return
            }
        }
        #expect(bench.lane.queue.depths.emissions <= 4)
        bench.faults.set { _, _ in nil }
        try bench.log.waitForEnd(of: 1)
        expectWhole(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j1"))], 50)
        #expect(bench.log.all.last?.storeHealth == .ok)
    }

    @Test func aStoreThatWorksAgainTakesTheNextCallerAtOnce() throws {
        let bench = try LaneBench(kinds: Self.kinds, handlers: Self.counter(1))
        bench.faults.set { _, _ in Self.fault }
        guard case .refused(.store) = try bench.log.reply(to: bench.create("count", 1)) else {
            Issue.record("not refused")
            return
        }
        bench.faults.set { _, _ in nil }
        guard case .job = try bench.log.reply(to: bench.create("count", 2)) else {
            Issue.record("refused")
            return
        }
        try bench.log.waitForEnd(of: 1)
        #expect(bench.log.all.last?.storeHealth == .ok)
    }

    @Test func aLastingFaultOfMaintenanceIsSaidAndRefusesNobody() throws {
        var limits = LaneLimits()
        limits.maintainIntervalMs = 1
        let bench = try LaneBench(kinds: Self.kinds, handlers: Self.counter(1), limits: limits)
        bench.faults.maintenance.withLock { $0 = Self.fault }
        guard case .job = try bench.log.reply(to: bench.create("count", 1)) else {
            Issue.record("refused")
            return
        }
        try bench.log.wait { $0.last?.storeHealth == .faulty(Self.fault) }
        guard case .job = try bench.log.reply(to: bench.create("count", 2)) else {
            Issue.record("refused")
            return
        }
        bench.faults.maintenance.withLock { $0 = nil }
        try bench.log.wait { $0.last?.storeHealth == .ok }
    }

    @Test func anEventThatTheStoreNeverTakesEndsOnlyItsOwnJob() throws {
        let faults = FaultyStore.Faults { _, batch in
            let isPoisoned = batch.contains {
                if case .append(_, let event, _) = $0 { event.name == "poison" } else { false }
            }
            return isPoisoned ? JournalError(.io, "too much") : nil
        }
        var limits = LaneLimits()
        limits.firstRetryMs = 1
        limits.maxRetryMs = 5
        let handlers = Self.counter(200).merging([
            "bad": Closure { job in
                try await job.emit("before")
                try await job.emit("poison")
                try await job.emit("after")
                try await job.sleep(forMs: 600_000)
                return nil
            }
        ]) { one, _ in one }
        let bench = try LaneBench(
            kinds: Self.kinds + [JobKind(name: "bad", worker: .swift)], handlers: handlers, limits: limits,
            faults: faults)
        try bench.createPersistently("bad", 1)
        for number in 2...6 { try bench.createPersistently("count", number) }
        try bench.log.waitForEnd(of: 6)
        let logs = ReportLog.events(bench.log.all)
        for number in 2...6 { expectWhole(logs[.job(JobID(trusted: "j\(number)"))], 200) }
        let bad = try #require(logs[.job(JobID(trusted: "j1"))])
        #expect(bad.map(\.name).first == "before" && bad.last?.name == "failed")
        #expect(bad.last?.data.member("error")?.member("code")?.stringValue == "store")
        #expect(bench.log.all.last?.storeHealth == .ok)
    }

    @Test func aPoisonousEventThatIsKeptAloneIsFoundByWhatOtherWorkersSayLater() throws {
        let (running, isRunning) = AsyncStream<Void>.makeStream()
        let (failed, hasFailed) = AsyncStream<Void>.makeStream()
        let faults = FaultyStore.Faults { _, batch in
            let isPoisoned = batch.contains {
                if case .append(_, let event, _) = $0 { event.name == "poison" } else { false }
            }
            guard isPoisoned else { return nil }
            hasFailed.finish()
            return JournalError(.io, "too much")
        }
        var limits = LaneLimits()
        limits.firstRetryMs = 1
        limits.maxRetryMs = 5
        let bench = try LaneBench(
            kinds: Self.kinds + [JobKind(name: "bad", worker: .swift)],
            handlers: [
                "bad": Closure { job in
                    for await _ in running {}
                    try await job.emit("poison")
                    return nil
                },
                "count": Closure { job in
                    isRunning.finish()
                    for await _ in failed {}
                    for number in 0..<200 { try await job.emit("n", .string("\(number)")) }
                    return nil
                },
            ], limits: limits, faults: faults)
        try bench.createPersistently("bad", 1)
        try bench.createPersistently("count", 2)
        try bench.log.waitForEnd(of: 2)
        let logs = ReportLog.events(bench.log.all)
        expectWhole(logs[.job(JobID(trusted: "j2"))], 200)
        #expect(logs[.job(JobID(trusted: "j1"))]?.last?.name == "failed")
    }

    @Test func aPoisonousEventAloneInTheSystemIsFoundWithTheHelpOfACaller() throws {
        let faults = FaultyStore.Faults { _, batch in
            let isPoisoned = batch.contains {
                if case .append(_, let event, _) = $0 { event.name == "poison" } else { false }
            }
            return isPoisoned ? JournalError(.io, "too much") : nil
        }
        var limits = LaneLimits()
        limits.firstRetryMs = 1
        limits.maxRetryMs = 5
        let bench = try LaneBench(
            kinds: Self.kinds + [JobKind(name: "bad", worker: .swift)],
            handlers: [
                "bad": Closure { job in
                    try await job.emit("poison")
                    return nil
                }, "count": Closure { _ in nil },
            ], limits: limits, faults: faults)
        _ = try bench.log.reply(to: bench.create("bad", 1))
        try bench.log.wait { if case .faulty = $0.last?.storeHealth { true } else { false } }
        try bench.createPersistently("count", 2)
        try bench.log.waitForEnd(of: 2)
        #expect(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j1"))]?.last?.name == "failed")
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
        let bench = try LaneBench(kinds: Self.kinds, handlers: [:]) { lane in
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
        bench.faults.set { _, _ in Self.fault }
        try bench.log.wait { $0.last?.storeHealth == .faulty(Self.fault) }
        bench.pool.stop(graceMs: 1000)
        let start = MonotonicTime.current()
        #expect(bench.lane.stop() > 0)
        #expect(MonotonicTime.current().milliseconds(since: start) < 10_000)
        #expect(bench.faults.isClosed.withLock { $0 })
    }

    @Test func aStoreThatDoesNotOpenStopsTheStart() {
        let lane = JournalLane()
        let surroundings = LaneSurroundings(deliver: { _ in true }, direct: { _ in })
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

struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
