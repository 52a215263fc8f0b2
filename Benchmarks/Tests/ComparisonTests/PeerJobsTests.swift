import Foundation
import Glibc
import Load
import Testing

@testable import Comparison

/// The servers whose jobs stand beside ours, asked as the generator asks them. They are there after `Config/setup.sh`: where one is
/// missing, its tests are left out.
struct PeerJobsTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let catalog = ServerCatalog(
        repository: repository, millstream: repository.appendingPathComponent(".build/release/millstream"))

    private static let withJobsInMemory = ["node", "starlette"]

    private static let present = withJobsInMemory.compactMap { catalog.named($0) }.filter {
        $0.requirements.allSatisfy { FileManager.default.fileExists(atPath: $0.path) }
    }

    private static func names(_ server: String) throws -> Set<String> {
        let spec = try #require(catalog.named(server))
        let all = try ScenarioFiles.read(repository.appendingPathComponent("Benchmarks/Scenarios"))
        return Set(all.filter(spec.runs).map(\.name))
    }

    @Test(arguments: withJobsInMemory) func jobsThatNeedNoDiskAreAskedOfThem(server: String) throws {
        #expect(
            try Self.names(server) == [
                "opens", "fan-out-5", "stalled-readers", "whole-jobs", "running-jobs", "job-streams-2000",
                "create-jobs-run",
            ])
    }

    @Test(arguments: ["epoll", "libevent", "nchan"]) func noJobsAreAskedOfWhoHasNone(server: String) throws {
        #expect(try Self.names(server).isDisjoint(with: ScenarioNames.jobsInMemory))
    }

    @Test(arguments: present.map(\.name)) func noEventOfAJobIsLost(server: String) throws {
        let spec = try #require(Self.catalog.named(server))
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("peer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let run = try ServerRun(
            spec, port: try Loopback.freePort(from: server == "node" ? 20_700 : 20_800), cores: .current(),
            directory: directory)
        defer { run.stop() }
        try run.waitUntilReady(atMost: .seconds(20))
        let scenario = Scenario(
            name: "jobs",
            phases: [
                Phase(name: "whole", activities: [.wholeJobs(WholeJobs(count: 40, inFlight: 8))]),
                Phase(
                    name: "cut",
                    activities: [.wholeJobs(WholeJobs(count: 12, inFlight: 4, steps: 10, intervalMs: 20, cutAfter: 3))]),
                Phase(
                    name: "running",
                    activities: [.runningJobs(RunningJobs(jobs: 5, readersPerJob: 2, steps: 10, intervalMs: 10))]),
                Phase(name: "create", activities: [.createJobs(CreateJobs(count: 30, connections: 3))]),
            ])
        let target = try ServerTarget(port: run.port, dialect: spec.dialect)
        let report = try Load.LoadRun(scenario, target: target, options: .init(server: server)).run()
        #expect(report.faults == [], "\(run.outputTail)")
        #expect(report.phases[0].jobs?.completed == 40)
        #expect(report.phases[0].counts.events == 40 * 14)
        #expect(report.phases[1].jobs?.completed == 12)
        #expect((report.phases[1].jobs?.cuts ?? 0) > 0)
        #expect(report.phases[2].counts.events == 10 * 11)
        #expect(report.phases[2].jobs?.eventUs.count == 10 * 10)
        #expect(report.phases[3].jobs?.created == 30)
        #expect(run.unexpectedEnd == nil)
    }
}
