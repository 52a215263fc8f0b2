import Foundation
import Testing

@testable import Comparison

struct RunPlanTests {
    @Test func everySecondRoundIsInReverse() {
        let plan = RunPlan(scenarios: ["a", "b"], rounds: 2, servers: ["x", "y", "z"]) { server, scenario in
            !(server == "y" && scenario == "b")
        }
        #expect(
            plan.steps.map { "\($0.scenario)\($0.round)\($0.server)" } == [
                "a1x", "a1y", "a1z", "a2z", "a2y", "a2x", "b1x", "b1z", "b2z", "b2x",
            ])
    }

    @Test func theControlOfTheStalledIsRunByMillstreamAlone() throws {
        let root = try Workbench.repository(from: URL(fileURLWithPath: #filePath))
        let scenario = try ScenarioFiles.read(
            file: root.appendingPathComponent("Benchmarks/Scenarios/\(ScenarioNames.stalledControl).json"))
        #expect(ScenarioNames.compared.contains(scenario.name))
        let catalog = ServerCatalog(repository: root, millstream: root)
        #expect(catalog.all.filter { $0.runs(scenario) }.map(\.name) == [ServerCatalog.ours])
    }

    @Test func onlyWholeJobsShareTheCores() {
        #expect(Placement.of("whole-jobs").server == CoreSet([0, 1]))
        #expect(Placement.of("whole-jobs").load == CoreSet([0, 1]))
        #expect(Placement.of("fan-out-5").server == CoreSet([0]))
        #expect(Placement.of("fan-out-5").load == CoreSet([1]))
    }
}
