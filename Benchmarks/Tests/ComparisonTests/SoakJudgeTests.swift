import Foundation
import Testing

@testable import Comparison
@testable import Load

struct SoakJudgeTests {
    /// Two minutes as they should be; `change` spoils a sample.
    private static func report(_ change: (Int, inout Sample) -> Void = { _, _ in }) -> LoadReport {
        var report = SampleResults.run("soak", "millstream", phases: [SampleResults.phase("soak")]).report
        report?.samples = (0..<120).map { second in
            var sample = Sample(
                atS: Double(second), phase: "soak", streams: 400 + second % 9, eventsPerS: 5000, p50Us: 400,
                p99Us: 2000 + Double(second * 37 % 500), maxUs: 4000, jobsPerS: 20, faults: 0,
                rssBytes: 30_000_000 + second * 37 % 23 * 20_000, descriptors: 440 + second % 9, serverCpu: 0.2,
                generatorCpu: 0.1)
            sample.threads = 12
            sample.fileBytes = ["journal.sqlite": 5_000_000, "journal.sqlite-wal": 4_000_000]
            change(second, &sample)
            return sample
        }
        report?.phases[0].churn = ChurnReport(
            group: "churning", planned: 100, reconnects: 100, openErrors: 0, openUs: .none)
        report?.phases[0].stalls = [
            StallReport(group: "stalled", cutOff: 3, kept: 0, gaps: 0, gapEvents: 0, duplicates: 0, openErrors: 0)
        ]
        report?.phases[0].jobs = jobs(completed: 50, cuts: 50)
        guard let report else { preconditionFailure("the sample has a report") }
        return report
    }

    private static func jobs(completed: Int, cuts: Int) -> JobsReport {
        JobsReport(
            name: "jobs", created: 50, createErrors: 0, completed: completed, failed: 0, jobsWithLostEvents: 0,
            lostEvents: 0, reconnects: 0, cuts: cuts, createdPerS: 1, completedPerS: 1, createUs: .none, endUs: .none,
            eventUs: .none, cpuMsPerJob: nil, generatorCpuUsPerJob: 0, streams: 10, rssBytesPerStream: nil)
    }

    private static let server = SoakedServer(
        command: ["millstream"], descriptorsBefore: 20, descriptorsAfter: 22, errorLines: [], errorCount: 0,
        warningCount: 0, endedByItself: nil, ending: "exit status 0", endedCleanly: true)

    /// Names of what failed.
    private static func failures(
        _ report: LoadReport = report(), _ server: SoakedServer = server, _ limits: SoakLimits = SoakLimits()
    ) -> [String] {
        let verdict = SoakJudge(limits).verdict(report, server)
        let failed = verdict.findings.filter { !$0.holds && $0.isJudged }.map(\.name)
        #expect(verdict.passed == failed.isEmpty)
        return failed
    }

    private static func changed<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
        var copy = value
        change(&copy)
        return copy
    }

    @Test func aQuietServerPasses() {
        #expect(Self.failures().isEmpty)
    }

    @Test func aLeakOfSixtyKilobytesASecondFails() {
        #expect(Self.failures(Self.report { $1.rssBytes? += $0 * 60_000 }) == ["resident memory"])
    }

    @Test func aStaircaseOfMemoryFails() {
        #expect(Self.failures(Self.report { $1.rssBytes? += $0 / 30 * 2_000_000 }) == ["resident memory"])
    }

    @Test func memoryThatComesAndGoesPasses() {
        #expect(Self.failures(Self.report { $1.rssBytes? += (70..<76).contains($0) ? 50_000_000 : 0 }) == [])
    }

    @Test func growthOfTheWarmUpIsNotJudged() {
        #expect(Self.failures(Self.report { $1.rssBytes? += min($0, 35) * 1_000_000 }) == [])
    }

    @Test func descriptorsThatStayOpenFail() {
        #expect(Self.failures(Self.report { $1.descriptors? += $0 / 3 }) == ["descriptors beside the streams"])
        let more = Self.changed(Self.server) { $0.descriptorsAfter = 29 }
        #expect(Self.failures(Self.report(), more) == ["descriptors afterwards"])
    }

    @Test func moreStreamsAreNoMoreDescriptors() {
        let grows = Self.report {
            $1.streams += $0 * 3
            $1.descriptors? += $0 * 3
        }
        #expect(Self.failures(grows).isEmpty)
    }

    @Test func threadsAndFilesThatGrowFail() {
        #expect(Self.failures(Self.report { $1.threads? += $0 / 10 }) == ["threads"])
        let grows = Self.report { $1.fileBytes?["journal.sqlite"]? += $0 * 100_000 }
        #expect(Self.failures(grows) == ["database"])
        let large = Self.report { if $0 == 100 { $1.fileBytes?["journal.sqlite-wal"] = 100_000_000 } }
        #expect(Self.failures(large) == ["write-ahead log"])
    }

    @Test func latencyIsJudgedOnRequestOnly() throws {
        let drifts = Self.report { $1.p99Us += Double($0) * 400 }
        #expect(Self.failures(drifts).isEmpty)
        let finding = try #require(SoakJudge().verdict(drifts, Self.server).findings.first { !$0.holds })
        #expect(finding.line.hasPrefix("note   p99 of a second"))
        #expect(
            Self.failures(drifts, Self.server, Self.changed(SoakLimits()) { $0.judgesLatency = true })
                == ["p99 of a second"])
    }

    @Test func aLostEventFails() {
        #expect(Self.failures(Self.changed(Self.report()) { $0.faults = ["soak: 1 numbers skipped"] }) == ["events"])
    }

    @Test func aSoakThatDidNothingFails() {
        let idle = Self.changed(Self.report()) {
            $0.phases[0].churn = nil
            $0.phases[0].jobs = nil
            $0.phases[0].stalls = nil
        }
        #expect(Self.failures(idle) == ["churn", "jobs", "stalls"])
        #expect(Self.failures(Self.changed(Self.report()) { $0.phases[0].churn?.reconnects = 80 }) == ["churn"])
        let uncut = Self.changed(Self.report()) { $0.phases[0].jobs = Self.jobs(completed: 50, cuts: 0) }
        #expect(Self.failures(uncut) == ["jobs"])
    }

    @Test func aServerThatFellOrComplainedFails() {
        let died = Self.changed(Self.server) { $0.endedByItself = "the server ended by itself (signal 11)" }
        #expect(Self.failures(Self.report(), died) == ["server"])
        let killed = Self.changed(Self.server) { $0.endedCleanly = false }
        #expect(Self.failures(Self.report(), killed) == ["server"])
        let complained = Self.changed(Self.server) {
            $0.errorCount = 1
            $0.errorLines = ["{}"]
        }
        #expect(Self.failures(Self.report(), complained) == ["log"])
    }

    @Test func aShortRunIsNoSoak() {
        let short = Self.changed(Self.report()) { $0.samples = Array($0.samples.prefix(30)) }
        #expect(Self.failures(short).contains("resident memory"))
    }

    @Test func theReportIsReadBackAndIsAGeneratorsReport() throws {
        let load = Self.report()
        let report = SoakReport(load: load, soak: SoakJudge().verdict(load, Self.server))
        let data = try LoadReport.encoder().encode(report)
        #expect(try LoadReport.decoder().decode(SoakReport.self, from: data) == report)
        #expect(try LoadReport.decoder().decode(LoadReport.self, from: data) == load)
        #expect(report.picture != nil)
    }

    @Test func theReportOutlivesItsFileWithWhatIsKnownOfTheRun() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("soak-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        let report = try #require(SampleResults.soak)
        try report.write(to: file)
        #expect(try SoakReport.read(file) == report)
    }

    @Test func errorsAreFoundInALog() {
        let log = ServerLog(
            """
            millstream 0.1.0 listening on http://127.0.0.1:8080
            {"time":"t","level":"info","message":"an error in words only"}
            {"time":"t","level":"warning","message":"slow"}
            {"time":"t","level":"error","message":"broken"}
            Fatal error: unexpectedly found nil
            """)
        #expect(log.errors.count == 2)
        #expect(log.warnings.count == 1)
    }
}
