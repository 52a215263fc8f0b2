import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import MillstreamTestSupport
import Testing

@testable import MillstreamRuntime

// The lane beside a store that fails: no event is lost, callers are told, one bad event ends only its own job, and maintenance refuses nobody.

struct LaneFaultTests {
    private static let tooMuch = JournalError(.io, "too much")

    /// A refused batch is tried again within milliseconds.
    private static let soonAgain = {
        var limits = LaneLimits()
        limits.firstRetryMs = 1
        limits.maxRetryMs = 5
        return limits
    }()

    private static func isPoisoned(_ batch: [JournalMutation]) -> Bool {
        batch.contains {
            if case .append(_, let event, _) = $0 { event.name == "poison" } else { false }
        }
    }

    @Test func theFailureOfAnyOneCommitLosesNothing() throws {
        for failing in 1...25 {
            let faults = FaultyStore.Faults { number, _ in number == failing ? CountingJobs.fault : nil }
            var limits = LaneLimits()
            limits.firstRetryMs = 1
            limits.maxRetryMs = 4
            limits.maxEmissions = 8
            let bench = try LaneBench(
                kinds: CountingJobs.kinds, handlers: CountingJobs.counter(20), limits: limits, faults: faults)
            for number in 1...3 { try bench.createPersistently("count", number) }
            try bench.log.waitForEnd(of: 3)
            let logs = ReportLog.events(bench.log.all)
            for number in 1...3 {
                CountingJobs.expectWhole(logs[.job(JobID(trusted: "j\(number)"))], 20, "commit \(failing) failed")
            }
            // The commit that failed may be one behind the ends.
            try bench.log.wait { $0.last?.storeHealth == .ok }
        }
    }

    @Test func storesThatFailAtRandomLoseNothing() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("faulty store, seed \(seed)")
        let generator = Locked(SeededRandom(seed: seed))
        let faults = FaultyStore.Faults { _, _ in
            generator.withLock { Int.random(in: 0..<3, using: &$0) } == 0 ? CountingJobs.fault : nil
        }
        var limits = LaneLimits()
        limits.firstRetryMs = 1
        limits.maxRetryMs = 2
        limits.maxEmissions = 16
        // Chance alone must not put a good command away.
        limits.maxFailuresAlone = 1000
        let bench = try LaneBench(
            kinds: CountingJobs.kinds, handlers: CountingJobs.counter(100), limits: limits, faults: faults)
        for number in 1...10 { try bench.createPersistently("count", number) }
        try bench.log.waitForEnd(of: 10)
        let logs = ReportLog.events(bench.log.all)
        for number in 1...10 { CountingJobs.expectWhole(logs[.job(JobID(trusted: "j\(number)"))], 100, "seed \(seed)") }
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
        bench.faults.set { _, _ in CountingJobs.fault }
        try bench.log.wait {
            $0.last?.storeHealth == .faulty(CountingJobs.fault) && $0.last?.measures.waitingEmitters == 1
        }
        for number in 10...20 {
            guard case .refused(.store(CountingJobs.fault)) = try bench.log.reply(to: bench.create("go", number)) else {
                Issue.record("a create was not refused")
                return
            }
        }
        #expect(bench.lane.queue.depths.emissions <= 4)
        bench.faults.set { _, _ in nil }
        try bench.log.waitForEnd(of: 1)
        CountingJobs.expectWhole(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j1"))], 50)
        #expect(bench.log.all.last?.storeHealth == .ok)
    }

    @Test func aStoreThatWorksAgainTakesTheNextCallerAtOnce() throws {
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: CountingJobs.counter(1))
        bench.faults.set { _, _ in CountingJobs.fault }
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
        let bench = try LaneBench(kinds: CountingJobs.kinds, handlers: CountingJobs.counter(1), limits: limits)
        bench.faults.maintenance.withLock { $0 = CountingJobs.fault }
        guard case .job = try bench.log.reply(to: bench.create("count", 1)) else {
            Issue.record("refused")
            return
        }
        try bench.log.wait { $0.last?.storeHealth == .faulty(CountingJobs.fault) }
        guard case .job = try bench.log.reply(to: bench.create("count", 2)) else {
            Issue.record("refused")
            return
        }
        bench.faults.maintenance.withLock { $0 = nil }
        try bench.log.wait { $0.last?.storeHealth == .ok }
    }

    @Test func anEventThatTheStoreNeverTakesEndsOnlyItsOwnJob() throws {
        let faults = FaultyStore.Faults { _, batch in Self.isPoisoned(batch) ? Self.tooMuch : nil }
        let handlers = CountingJobs.counter(200).merging([
            "bad": Closure { job in
                try await job.emit("before")
                try await job.emit("poison")
                try await job.emit("after")
                try await job.sleep(forMs: 600_000)
                return nil
            }
        ]) { one, _ in one }
        let bench = try LaneBench(
            kinds: CountingJobs.kinds + [JobKind(name: "bad", worker: .swift)], handlers: handlers,
            limits: Self.soonAgain,
            faults: faults)
        try bench.createPersistently("bad", 1)
        for number in 2...6 { try bench.createPersistently("count", number) }
        try bench.log.waitForEnd(of: 6)
        let logs = ReportLog.events(bench.log.all)
        for number in 2...6 { CountingJobs.expectWhole(logs[.job(JobID(trusted: "j\(number)"))], 200) }
        let bad = try #require(logs[.job(JobID(trusted: "j1"))])
        #expect(bad.map(\.name).first == "before" && bad.last?.name == "failed")
        #expect(bad.last?.data.member("error")?.member("code")?.stringValue == "store")
        #expect(bench.log.all.last?.storeHealth == .ok)
    }

    @Test func aPoisonousEventThatIsKeptAloneIsFoundByWhatOtherWorkersSayLater() throws {
        let (running, isRunning) = AsyncStream<Void>.makeStream()
        let (failed, hasFailed) = AsyncStream<Void>.makeStream()
        let faults = FaultyStore.Faults { _, batch in
            guard Self.isPoisoned(batch) else { return nil }
            hasFailed.finish()
            return Self.tooMuch
        }
        let bench = try LaneBench(
            kinds: CountingJobs.kinds + [JobKind(name: "bad", worker: .swift)],
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
            ], limits: Self.soonAgain, faults: faults)
        try bench.createPersistently("bad", 1)
        try bench.createPersistently("count", 2)
        try bench.log.waitForEnd(of: 2)
        let logs = ReportLog.events(bench.log.all)
        CountingJobs.expectWhole(logs[.job(JobID(trusted: "j2"))], 200)
        #expect(logs[.job(JobID(trusted: "j1"))]?.last?.name == "failed")
    }

    @Test func aPoisonousEventAloneInTheSystemIsFoundWithTheHelpOfACaller() throws {
        let faults = FaultyStore.Faults { _, batch in Self.isPoisoned(batch) ? Self.tooMuch : nil }
        let bench = try LaneBench(
            kinds: CountingJobs.kinds + [JobKind(name: "bad", worker: .swift)],
            handlers: [
                "bad": Closure { job in
                    try await job.emit("poison")
                    return nil
                }, "count": Closure { _ in nil },
            ], limits: Self.soonAgain, faults: faults)
        _ = try bench.log.reply(to: bench.create("bad", 1))
        try bench.log.wait { if case .faulty = $0.last?.storeHealth { true } else { false } }
        try bench.createPersistently("count", 2)
        try bench.log.waitForEnd(of: 2)
        #expect(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j1"))]?.last?.name == "failed")
    }

    /// The first of two kept entries is stored alone, and what it lets begin cannot be read: the store takes commits, the lane pauses, and
    /// something is still kept.
    @Test func callersAreAnsweredWhileEntriesAreKeptForAStoreThatCannotBeRead() throws {
        let unreadable = JournalError(.io, "cannot be read")
        var limits = LaneLimits()
        limits.firstRetryMs = 1
        // Longer than the test: whoever is answered is answered within the pause.
        limits.maxRetryMs = 3_600_000
        limits.stopTimeoutMs = 1
        let (ending, mayEnd) = AsyncStream<Void>.makeStream()
        let (emitting, mayEmit) = AsyncStream<Void>.makeStream()
        let bench = try LaneBench(
            kinds: [JobKind(name: "single", worker: .swift, concurrency: 1), JobKind(name: "talk", worker: .swift)],
            handlers: [
                "single": Closure { _ in
                    for await _ in ending {}
                    return nil
                },
                "talk": Closure { job in
                    for await _ in emitting {}
                    try await job.emit("poison")
                    return nil
                },
            ], limits: limits)
        // Stands behind the first of its kind, and its input is left to the store.
        let input = JSONText.string(String(repeating: "x", count: 100_000))
        for ticket in [bench.create("single", 1), bench.create("single", 2, input: input), bench.create("talk", 3)] {
            guard case .job = try bench.log.reply(to: ticket) else {
                Issue.record("a create was refused")
                return
            }
        }
        bench.faults.set { _, _ in CountingJobs.fault }
        mayEnd.finish()
        try bench.log.wait { $0.last?.storeHealth == .faulty(CountingJobs.fault) }
        mayEmit.finish()
        // Both are kept when one that holds the event has failed.
        let hasFailed = DispatchSemaphore(value: 0)
        bench.faults.set { _, batch in
            if Self.isPoisoned(batch) { hasFailed.signal() }
            return CountingJobs.fault
        }
        #expect(hasFailed.wait(timeout: .now() + 120) == .success)
        bench.faults.reading.withLock { $0 = { unreadable } }
        bench.faults.set { _, batch in Self.isPoisoned(batch) ? Self.tooMuch : nil }
        try bench.log.wait { $0.last?.storeHealth == .faulty(unreadable) }

        guard case .refused(.store(unreadable)) = try bench.log.reply(to: bench.create("talk", 4)) else {
            Issue.record("not refused with what the store says")
            return
        }
        #expect(bench.lane.queue.depths.callers == 0, "who was answered leaves room for others")
        #expect(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j1"))]?.last?.name == "completed")
        #expect(ReportLog.events(bench.log.all)[.job(JobID(trusted: "j3"))] == nil)
    }
}
