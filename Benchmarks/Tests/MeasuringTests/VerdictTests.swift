import Foundation
import Measuring
import Testing

@Suite struct VerdictTests {
    private let cost = Cost(allocations: 2, allocatedBytes: 256, kernelBytes: 200, calls: ["send": 1])

    private func findings(_ cost: Cost, limit: Cost) -> [Finding] {
        Verdict.findings(
            of: [MeasuredCost(name: "a", unit: "event", operations: 1, cost: cost)], limits: Limits(["a": limit]),
            isWhole: true)
    }

    @Test func whatMeetsItsLimitsHasNoFindings() {
        #expect(findings(cost, limit: cost).isEmpty)
    }

    @Test(arguments: [
        (\Cost.allocations, "allocations", 1.999), (\Cost.allocatedBytes, "allocated bytes", 255),
        (\Cost.kernelBytes, "bytes to the kernel", 199.5),
    ])
    func moreThanALimitFails(count: WritableKeyPath<Cost, Double> & Sendable, name: String, limit: Double) {
        var doctored = cost
        doctored[keyPath: count] = limit
        let found = findings(cost, limit: doctored)
        #expect(
            found == [.exceeded(benchmark: "a", count: name, measured: cost[keyPath: count], limit: limit)])
        #expect(found.allSatisfy { $0.isFailure })
    }

    @Test func oneMoreCallFails() {
        var doctored = cost
        doctored.calls["send"] = 0.999
        let found = findings(cost, limit: doctored)
        #expect(found.map(\.description) == ["a: calls of send: 1 measured, at most 0.999 allowed"])
        #expect(found.allSatisfy { $0.isFailure })
    }

    @Test func aCallWithoutLimitFails() {
        var more = cost
        more.calls["epoll_ctl"] = 0.001
        #expect(
            findings(more, limit: cost)
                == [.exceeded(benchmark: "a", count: "calls of epoll_ctl", measured: 0.001, limit: 0)])
    }

    @Test func muchLessThanALimitIsToldAndNoFailure() {
        var less = cost
        less.allocations = 1.5
        let found = findings(less, limit: cost)
        #expect(found == [.loose(benchmark: "a", count: "allocations", measured: 1.5, limit: 2)])
        #expect(!found.contains { $0.isFailure })
    }

    @Test func aLimitOfACallThatIsNotMadeAnyMoreFails() {
        var less = cost
        less.calls = [:]
        let found = findings(less, limit: cost)
        #expect(found == [.loose(benchmark: "a", count: "calls of send", measured: 0, limit: 1)])
        #expect(found.allSatisfy { $0.isFailure })
    }

    @Test func aFifthLessIsNotTold() {
        var less = cost
        less.allocations = 1.6
        #expect(findings(less, limit: cost).isEmpty)
    }

    @Test func benchmarksAndLimitsMustFaceEachOther() {
        let measurement = MeasuredCost(name: "new", unit: "event", operations: 1, cost: cost)
        let limits = Limits(["old": cost])
        let whole = Verdict.findings(of: [measurement], limits: limits, isWhole: true)
        #expect(whole == [.unlimited(benchmark: "new"), .unmeasured(benchmark: "old")])
        #expect(whole.allSatisfy { $0.isFailure })
        #expect(
            Verdict.findings(of: [measurement], limits: limits, isWhole: false) == [.unlimited(benchmark: "new")])
    }

    @Test func limitsOfAMeasurementAreMetByIt() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("limits-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let odd = Cost(allocations: 0.333, allocatedBytes: 10.667, kernelBytes: 1.001, calls: ["epoll_wait": 0.004])
        let measurement = MeasuredCost(name: "a", unit: "event", operations: 1_000, cost: odd)
        try Limits(["gone": cost]).write(to: folder, keepsOthers: false)
        try Limits([measurement]).write(to: folder, keepsOthers: false)
        let limits = try Limits(directory: folder)
        #expect(limits.costs["a"]?.calls == odd.calls)
        #expect(limits.costs["a"]?.allocatedBytes == 10.774)
        #expect(limits.costs.count == 1)
        #expect(Verdict.findings(of: [measurement], limits: limits, isWhole: true).isEmpty)
    }

    @Test func aToleranceIsPartOfTheLimit() {
        let tolerance = Tolerance(share: 0.1, because: "a test")
        let measurement = MeasuredCost(name: "a", unit: "event", operations: 1, tolerance: tolerance, cost: cost)
        #expect(Limits([measurement]).costs["a"]?.allocations == 2.2)
        #expect(Limits([measurement]).costs["a"]?.calls == ["send": 1.1])
    }
}
