import Foundation
import Testing

@testable import Comparison
@testable import Load

struct SoakSectionTests {
    private static func soak(_ change: (inout SoakReport) -> Void = { _ in }) throws -> SoakReport {
        var soak = try #require(SampleResults.soak)
        change(&soak)
        return soak
    }

    @Test func aCurveThatGrowsIsToldThoughItIsNotJudged() throws {
        let text = SoakSection.text(try Self.soak())
        #expect(text.contains("**but does not hold in**: p99 of a second (only told"))
        #expect(text.contains("| **no**, only told |"))
    }

    @Test func aJudgedFindingThatDoesNotHoldFailsTheSoak() throws {
        let text = SoakSection.text(
            try Self.soak {
                $0.soak.passed = false
                $0.soak.findings[1].holds = false
            })
        #expect(text.contains("**It failed**: resident memory."))
    }

    @Test func aSoakInWhichAllHoldsSaysThatAlone() throws {
        let text = SoakSection.text(try Self.soak { $0.soak.findings[2].holds = true })
        #expect(text.contains("It passed: all that was looked at holds."))
        #expect(!text.contains("**no**"))
    }

    @Test func itsCommitAndHostStandThere() throws {
        let text = SoakSection.text(try Self.soak())
        #expect(text.contains("commit `fedcba987654`, on A processor, 2 cores, Linux 6.1, TCP bbr"))
        #expect(text.contains("The host took 3 % of the CPU time"))
        let page = ResultsPage(SampleResults.threeRounds, soak: try Self.soak()).markdown
        #expect(page.contains("The [soak](#soak) is a run of its own, commit `fedcba987654`."))
    }

    @Test func whatAnOlderReportDoesNotHaveWasNotRecorded() throws {
        let whole = try LoadReport.encoder().encode(try Self.soak())
        var members = try #require(try JSONSerialization.jsonObject(with: whole) as? [String: Any])
        for name in ["revision", "host", "stolen_share", "slowest_flush_ms", "mean_flush_ms"] {
            #expect(members.removeValue(forKey: name) != nil)
        }
        let older = try LoadReport.decoder().decode(
            SoakReport.self, from: JSONSerialization.data(withJSONObject: members))
        let text = SoakSection.text(older)
        #expect(text.contains("its commit not recorded, on A processor, 2 cores, Linux 6.1 (more of the host was not"))
        #expect(text.contains("What the host took meanwhile was not recorded."))
    }
}
