import Testing

@testable import Comparison
@testable import Load

struct FindingTests {
    private let ratio = Goal("row", "what", "fan-out-5", Metrics.cpuPerDelivery, .atMost(1.05), .ratio)
    private let memory = Goal("row", "what", "idle-10000", Metrics.bytesPerStream, .atMost(400))

    @Test func aRatioIsTakenRoundByRound() throws {
        // Round 2 was dear for both: only their quotient says something.
        let runs = [(7.7, 7.0), (15.4, 14.0), (7.28, 7.0)].enumerated().flatMap { index, cpu in
            [
                SampleResults.run(
                    "fan-out-5", "millstream", round: index + 1, phases: [SampleResults.phase(cpuUs: cpu.0)]),
                SampleResults.run("fan-out-5", "epoll", round: index + 1, phases: [SampleResults.phase(cpuUs: cpu.1)]),
            ]
        }
        let found = Finding(ratio, in: SampleResults.results(runs))
        let spread = try #require(found.ratio)
        #expect(abs(spread.median - 1.1) < 1e-9)
        #expect(abs(spread.min - 1.04) < 1e-9)
        #expect(found.verdict == .notMet)
        #expect(found.figure?.median == 7.7)
    }

    @Test func aRoundWithoutTheYardstickHasNoRatio() {
        let runs = [
            SampleResults.run("fan-out-5", "millstream", round: 1, phases: [SampleResults.phase(cpuUs: 7)]),
            SampleResults.run("fan-out-5", "epoll", round: 2, phases: [SampleResults.phase(cpuUs: 7)]),
        ]
        #expect(Finding(ratio, in: SampleResults.results(runs)).verdict == .notMeasured)
    }

    @Test(arguments: [(399.9, Verdict.met), (400, .met), (400.1, .notMet)])
    func theBoundItselfIsMet(bytes: Double, expected: Verdict) {
        let run = SampleResults.run("idle-10000", "millstream", open: SampleResults.open(bytesPerStream: bytes))
        #expect(Finding(memory, in: SampleResults.results([run])).verdict == expected)
    }

    @Test func noGoalIsMetByARunThatLostSomething() {
        let run = SampleResults.run(
            "idle-10000", "millstream", open: SampleResults.open(bytesPerStream: 300), faults: ["3 events missing"])
        let found = Finding(memory, in: SampleResults.results([run]))
        #expect(found.verdict == .notMet)
        #expect(found.remarks == ["idle-10000, round 1: 3 events missing"])
    }

    @Test func noGoalIsMetWhileOneOfTheRoundsFailed() {
        let runs = [
            SampleResults.run("idle-10000", "millstream", open: SampleResults.open(bytesPerStream: 300)),
            SampleResults.run("idle-10000", "millstream", round: 2, failure: "it ended"),
        ]
        let found = Finding(memory, in: SampleResults.results(runs))
        #expect(found.verdict == .notMet)
        #expect(found.remarks == ["idle-10000, round 2: it ended"])
    }

    private func stalled(
        _ ours: [Double], _ durable: [Double], failure: String? = nil, yardstickFailure: String? = nil
    ) -> Finding {
        let goal = Goal("row", "what", "stalled-readers", Metrics.p99, .atMost(1))
        let runs = [("millstream", ours), ("durable", durable)].flatMap { server, values in
            values.enumerated().map { index, ms in
                SampleResults.run(
                    "stalled-readers", server, round: index + 1, phases: [SampleResults.phase(p99Us: ms * 1000)],
                    faults: (server == "millstream" ? failure : yardstickFailure).map { [$0] } ?? [])
            }
        }
        return Finding(goal, in: SampleResults.results(runs))
    }

    @Test func aGoalThatTheDiskAllowsNobodyIsNotMetAndSaysSo() throws {
        let found = stalled([3.8, 2, 14], [1.9, 0.7, 12])
        #expect(found.verdict == .notMet)
        #expect(found.words == "not met, nor by bare durable: 1.90 ms")
        #expect(abs(try #require(found.ratio).median - 2) < 1e-9)
    }

    @Test func aYardstickThatKeepsTheBoundExcusesNobody() {
        #expect(stalled([3.8, 2, 14], [0.9, 0.7, 12]).words == "not met")
        #expect(stalled([3.8], []).words == "not met")
    }

    @Test func aGoalThatIsMetNeedsNoExcuse() {
        let found = stalled([0.9], [1.9])
        #expect(found.words == "met")
        #expect(!found.isMissedByAll)
    }

    @Test(arguments: [(14.7, "not met, nor by bare durable: 1.47 × bare epoll"), (10.9, "not met")])
    func aRatioThatTheDiskAllowsNobodySaysSo(durableUs: Double, words: String) {
        let goal = Goal("row", "what", "channels-10000", Metrics.loopCpuPerDelivery, .atMost(1.1), .ratio)
        let runs = [("millstream", 12.4), ("epoll", 10), ("durable", durableUs)].map { server, us in
            SampleResults.run(
                "channels-10000", server,
                phases: [SampleResults.phase(events: 1_000_000, cpuUs: us, threads: ["loop": us])])
        }
        let found = Finding(goal, in: SampleResults.results(runs))
        #expect(found.verdict == .notMet)
        #expect(found.words == words)
    }

    @Test func aStormsQuotientIsHeldBesideTheDisks() throws {
        let goal = Goal("row", "what", "resume-storm", Metrics.stormP99, .atMost(2))
        let runs = [("millstream", 1_400.0), ("durable", 1_050)].map { server, us in
            var storm = SampleResults.phase("storm", p99Us: us)
            storm.resume = ResumeReport(
                readers: 10_000, caughtUp: 10_000, openErrors: 0, behind: 1_000_000, replayed: 1_000_000,
                replayedPerS: 2e6, wallS: 0.5, catchUpUs: .none)
            return SampleResults.run(
                "resume-storm", server, phases: [SampleResults.phase("before", p99Us: 500), storm])
        }
        let found = Finding(goal, in: SampleResults.results(runs))
        #expect(found.words == "not met, nor by bare durable: 2.10 ×")
        #expect(abs(try #require(found.ratio).median - 4.0 / 3) < 1e-9)
    }

    @Test func aYardstickThatLostSomethingExcusesNobody() {
        #expect(stalled([3.8], [1.9], yardstickFailure: "3 events missing").words == "not met")
    }

    @Test func nothingExcusesALoss() {
        #expect(stalled([0.9], [1.9], failure: "3 events missing").words == "not met")
    }

    @Test func whatTellsOfTheMachineIsDividedByNobodys() {
        #expect(Goal("row", "what", "stalled-readers", Metrics.slowestFlush, .reported).yardstick == nil)
        #expect(Goal("row", "what", "stalled-readers", Metrics.growth, .atMost(1)).yardstick == nil)
        #expect(Goal("row", "what", "stalled-readers", Metrics.p99, .atMost(1)).yardstick == .durable)
        #expect(Goal("row", "what", "whole-jobs", Metrics.cpuPerJob, .atMost(1)).yardstick == .durable)
        #expect(Goal("row", "what", "opens", Metrics.opensPerS, .atLeast(1)).yardstick == .epoll)
        #expect(Goal("row", "what", "overload-100", Metrics.p99, .reported).yardstick == nil)
        #expect(ratio.yardstick == .epoll)
    }

    @Test func whatTheHostTookIsTheMedianOfOurRuns() {
        var runs = (1...3).map { SampleResults.run("opens", "millstream", round: $0) }
        runs.append(SampleResults.run("opens", "epoll"))
        for (place, share) in [0.5, 0.1, 0.2, 0.9].enumerated() { runs[place].stolenShare = share }
        let goal = Goal("row", "what", "opens", Metrics.opensPerS, .atLeast(1))
        let results = SampleResults.results(runs)
        #expect(Finding(goal, in: results).stolenShare(in: results) == 0.2)
        #expect(Finding(memory, in: results).stolenShare(in: results) == nil)
    }

    @Test(arguments: [(0, "0 %"), (0.004, "<1 %"), (0.006, "1 %"), (0.141, "14 %"), (0.9996, "100 %")])
    func aShareNeedsNoDigits(share: Double, text: String) {
        #expect(Figure.percent(share) == text)
    }

    @Test func whatWasNotRunIsNotMeasured() {
        #expect(Finding(memory, in: SampleResults.results([])).verdict == .notMeasured)
    }

    @Test func theLoopThreadIsFoundByItsName() {
        let ours = SampleResults.phase(
            events: 1_000_000, cpuUs: 20, threads: ["millstream": 9, "journal": 8, "-qos.overcommit": 3])
        #expect(
            Metrics.loopCpuPerDelivery.read(
                SampleResults.run("channels-10000", "millstream", phases: [ours]), SampleResults.results([])) == [9])
        #expect(
            Metrics.journalCpuPerDelivery.read(
                SampleResults.run("channels-10000", "millstream", phases: [ours]), SampleResults.results([])) == [8])
        let peer = SampleResults.phase(events: 1_000_000, cpuUs: 8, threads: ["epoll-sse": 8])
        #expect(
            Metrics.loopCpuPerDelivery.read(
                SampleResults.run("channels-10000", "epoll", phases: [peer]), SampleResults.results([])) == [8])
    }

    @Test func allThreadsButTheLoopAreCountedWhereTheLoopHasOneOfItsOwn() {
        let ours = SampleResults.phase(
            events: 1_000_000, cpuUs: 20, threads: ["millstream": 9, "journal": 8, "delays": 3])
        let read = { (server: String, phase: PhaseReport) in
            Metrics.otherThreadsCpuPerDelivery.read(
                SampleResults.run("channels-10000", server, phases: [phase]), SampleResults.results([]))
        }
        #expect(read("millstream", ours) == [11])
        let peer = SampleResults.phase(events: 1_000_000, cpuUs: 8, threads: ["epoll-sse": 8])
        #expect(read("epoll", peer).isEmpty)
    }

    @Test func whatTheStalledCostIsWhatARunWithoutThemDoesNotTake() {
        let run = { (scenario: String, round: Int, after: [Int]) in
            var phases = [SampleResults.phase("warm"), SampleResults.phase("stalled")]
            for (index, after) in after.enumerated() {
                phases[index].memory?.rssBytesBefore = index == 0 ? 10_000_000 : 0
                phases[index].memory?.rssBytesAfter = after
            }
            return SampleResults.run(scenario, "millstream", round: round, phases: phases)
        }
        let stalled = run("stalled-readers", 1, [15_000_000, 15_500_000])
        let results = SampleResults.results([
            stalled, run("stalled-readers-control", 1, [14_000_000, 15_200_000]),
            run("stalled-readers", 2, [15_000_000, 15_500_000]),
        ])
        #expect(Metrics.wholeGrowth.read(stalled, results) == [5.5])
        // The second round has no control, and so says nothing.
        #expect(
            Metrics.growthOfTheStalled.spread("stalled-readers", "millstream", in: results)?.values.map {
                ($0 * 10).rounded()
            } == [3])
    }

    @Test func theBinaryIsSizedOnce() {
        let size = Goal("row", "what", "start", Metrics.binarySize, .atMost(25))
        var results = SampleResults.results([SampleResults.starts])
        #expect(Finding(size, in: results).figure?.values == [18.3])
        #expect(Finding(size, in: results).verdict == .met)
        results.binary?.needs.append("libswiftCore.so")
        #expect(Finding(size, in: results).verdict == .notMeasured)
    }

    @Test func heartbeatsAreTakenOffTheIdleCpuAtThePriceOfASend() {
        var idle = SampleResults.phase("idle", events: 0, wallS: 20)
        idle.serverCpuS = 0.3
        idle.counts.comments = 20_000
        let yardstick = SampleResults.run("fan-out-5", "epoll", phases: [SampleResults.phase(cpuUs: 10)])
        let run = SampleResults.run("idle-10000", "millstream", phases: [idle])
        let results = SampleResults.results([run, yardstick])
        // 20,000 sends of 10 µs are 0.2 s; the rest is half a per cent of 20 s.
        #expect(abs((Metrics.idleCpuBeyondHeartbeats.read(run, results).first ?? 0) - 0.5) < 1e-9)
    }
}
