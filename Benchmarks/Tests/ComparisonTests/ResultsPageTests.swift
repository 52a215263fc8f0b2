import Foundation
import Load
import Testing

@testable import Comparison

struct ResultsPageTests {
    /// The page that stands in Tests/ComparisonTests/Golden; `MILLSTREAM_WRITE_GOLDEN=1` writes it anew.
    @Test func thePageIsAsItWasLookedAt() throws {
        let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Golden/README.md")
        let page = ResultsPage(SampleResults.threeRounds, soak: SampleResults.soak).markdown
        if ProcessInfo.processInfo.environment["MILLSTREAM_WRITE_GOLDEN"] == "1" {
            for file in ResultsPage(SampleResults.threeRounds, soak: SampleResults.soak).files {
                let path = golden.deletingLastPathComponent().appendingPathComponent(file.name)
                try file.text.write(to: path, atomically: true, encoding: .utf8)
            }
        }
        #expect(page == (try String(contentsOf: golden, encoding: .utf8)))
    }

    @Test func allThatWentWrongIsOnThePage() {
        let page = ResultsPage(
            SampleResults.results([
                SampleResults.run("fan-out-5", "node", phases: [SampleResults.phase()], faults: ["12 events missing"]),
                SampleResults.run(
                    "fan-out-5", "millstream", round: 2, failure: "the server ended by itself (signal 11)"),
            ])
        ).markdown
        #expect(page.contains("- fan-out-5, round 1, node: 12 events missing\n"))
        #expect(page.contains("- fan-out-5, round 2, millstream: failed: the server ended by itself (signal 11)\n"))
    }

    @Test func aQuickRunSaysThatItSaysNothing() {
        var results = SampleResults.threeRounds
        results.isQuick = true
        #expect(ResultsPage(results).markdown.contains("No figure here says anything of speed"))
        #expect(GoalTable.all.allSatisfy { [.reported, .notMeasured].contains(Finding($0, in: results).verdict) })
    }

    @Test func onlyGoalsAreCounted() {
        let goals = GoalTable.all.filter { $0.bound != .reported }.count
        #expect(
            ResultsPage(SampleResults.results([])).markdown.contains("Goals: 0 met, 0 not met, \(goals) not measured."))
    }

    @Test func whatCannotBeMeasuredYetSaysWhy() {
        let page = ResultsPage(SampleResults.threeRounds).markdown
        #expect(page.contains("| not measured: there are no tokens yet "))
    }

    @Test func aPageWithoutASoakSaysSo() {
        let page = ResultsPage(SampleResults.threeRounds).markdown
        #expect(page.contains("There is no soak here."))
        #expect(!page.contains("## Soak"))
    }

    @Test func theStartsAreCounted() {
        #expect(
            ResultsPage(SampleResults.threeRounds).markdown.contains(
                "exec to the first 200, 20 starts before the first round"))
    }

    @Test func aBarInAMachineNameDoesNotBreakTheTable() {
        var table = MarkdownTable(["a", "b"])
        table.add(["x|y", "two\nlines"])
        #expect(table.text == "| a    | b         |\n|------|-----------|\n| x\\|y | two lines |")
    }

    @Test func resultsOutliveTheirFile() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("results-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        var results = SampleResults.threeRounds
        results.measurements[1].report?.phases[0].serverCpuByThread = ["-qos.overcommit": 0.25, "snake_case": 1]
        try results.write(to: file)
        #expect(try Results.read(file) == results)
    }

    @Test(arguments: GoalTable.all.map(\.text))
    func eachGoalIsWrittenWithItsUnit(text: String) {
        #expect(text == "reported" || text == "0" || text.hasPrefix("≤ ") || text.hasPrefix("≥ "))
    }
}
