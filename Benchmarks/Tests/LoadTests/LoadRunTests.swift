import Foundation
import Load
import Synchronization
import Testing

/// Whole runs over loopback against a toy server.
@Suite struct LoadRunTests {
    private func run(
        _ scenario: Scenario, _ dialect: Dialect, fault: ToyServer.Fault = .none
    ) throws -> LoadReport {
        let server = try ToyServer(fault: fault)
        defer { server.stop() }
        var scenario = scenario
        scenario.settleS = 0
        let target = try ServerTarget(port: server.port, dialect: dialect)
        return try LoadRun(scenario, target: target, options: .init(server: "toy", pids: [getpid()])).run()
    }

    private func publishing(_ count: Int, channels: Int = 1) -> Phase {
        Phase(name: "p", timeoutS: 120, activities: [.publish(Publish(channels: channels, rate: 1000, count: count))])
    }

    @Test(arguments: [Dialect.peer, .millstream, .broker]) func allEventsReachAllReaders(dialect: Dialect) throws {
        let scenario = Scenario(name: "a", readers: [ReaderGroup(count: 10)], phases: [publishing(20), publishing(5)])
        let report = try run(scenario, dialect)
        #expect(report.faults == [])
        #expect(report.open?.opened == 10)
        #expect(report.phases.map(\.counts.events) == [200, 50])
        #expect(report.phases.map(\.counts.expected) == [200, 50])
        #expect(report.phases[0].latencyUs.count == 200)
        #expect(report.phases[0].serverCpuS != nil)
    }

    @Test(arguments: [Dialect.peer, .millstream, .broker]) func eachReaderHasItsChannel(dialect: Dialect) throws {
        let scenario = Scenario(
            name: "a", readers: [ReaderGroup(count: 7, channels: 7)], phases: [publishing(24, channels: 7)])
        let report = try run(scenario, dialect)
        #expect(report.faults == [])
        #expect(report.phases[0].counts.events == 24)
    }

    /// Any server: a path of its own, and somebody else who publishes, here the dialect of the peers while the readers wait.
    @Test func aServerOfAnotherKindIsReadByItsPath() throws {
        let server = try ToyServer()
        defer { server.stop() }
        var publisher = Scenario(name: "p", phases: [publishing(9, channels: 3)])
        publisher.settleS = 0
        let peer = try ServerTarget(port: server.port, dialect: .peer)
        let others = try LoadRun(publisher, target: peer, options: .init(server: "toy"))
        let readers = Scenario(
            name: "a", readers: [ReaderGroup(count: 3, channels: 3)],
            phases: [Phase(name: "q", activities: [.idle(Idle(seconds: 10))])], settleS: 0)
        let target = try ServerTarget(
            port: server.port, dialect: .generic, path: "/feed/{}/live?channel={}", headers: ["Authorization: Bearer x"]
        )
        var isPublished = false
        let run = try LoadRun(readers, target: target, options: .init(server: "any")) { sample in
            guard sample.phase == "q", !isPublished else { return }
            isPublished = (try? others.run()) != nil
        }
        let report = try run.run()
        #expect(isPublished)
        #expect(report.faults == [])
        #expect(report.open?.opened == 3)
        #expect(report.phases[0].counts.events == 9)
        #expect(throws: LoadError.cannot(.generic, [.publish])) {
            try LoadRun(publisher, target: target, options: .init(server: "any"))
        }
    }

    @Test func skippedAndRepeatedEventsAreFaults() throws {
        let scenario = Scenario(name: "a", readers: [ReaderGroup(count: 2)], phases: [publishing(6)])
        let skipping = try run(scenario, .peer, fault: .skipsNumber)
        #expect(skipping.phases[0].counts.gaps == 2)
        #expect(skipping.faults == ["p: 2 numbers skipped"])
        let repeating = try run(scenario, .peer, fault: .repeatsEvent)
        #expect(repeating.phases[0].counts.duplicates == 2)
    }

    @Test func jobsAreFollowedToTheirEnd() throws {
        let scenario = Scenario(
            name: "a",
            phases: [
                Phase(name: "whole", activities: [.wholeJobs(WholeJobs(count: 50, inFlight: 8))]),
                Phase(name: "running", activities: [.runningJobs(RunningJobs(jobs: 5, readersPerJob: 2))]),
                Phase(name: "create", activities: [.createJobs(CreateJobs(count: 30, connections: 3))]),
                Phase(name: "commit", activities: [.commitEvents(CommitEvents(jobs: 2, eventsPerJob: 10))]),
            ])
        let report = try run(scenario, .millstream)
        #expect(report.faults == [])
        #expect(report.phases[0].jobs?.completed == 50)
        #expect(report.phases[0].counts.events == 50 * 14)
        #expect(report.phases[1].counts.events == 10 * 14)
        #expect(report.phases[2].jobs?.created == 30)
        #expect(report.phases[3].commits?.events == 20)
    }

    @Test func aJobStreamThatIsCutComesBackWithItsCursor() throws {
        let scenario = Scenario(
            name: "a", phases: [Phase(name: "whole", activities: [.wholeJobs(WholeJobs(count: 9, inFlight: 3))])])
        let report = try run(scenario, .millstream, fault: .cutsJobStreams)
        #expect(report.faults == [])
        #expect(report.phases[0].jobs?.reconnects == 9)
        #expect(report.phases[0].jobs?.completed == 9)
    }

    @Test func readersThatComeBackMissNothing() throws {
        let scenario = Scenario(
            name: "a", readers: [ReaderGroup(count: 2), ReaderGroup(name: "back", count: 20)],
            phases: [
                publishing(2), Phase(name: "cut", activities: [.disconnect(Disconnect(group: "back"))]), publishing(30),
                Phase(
                    name: "storm",
                    activities: [.resume(Resume(group: "back")), .publish(Publish(rate: 1000, count: 5))]),
                Phase(
                    name: "churn",
                    activities: [
                        .churn(Churn(group: "back", rate: 400, seconds: 0.2)),
                        .publish(Publish(rate: 1000, count: 10)),
                    ]),
            ])
        let report = try run(scenario, .millstream)
        #expect(report.faults == [])
        #expect(report.phases[3].resume?.caughtUp == 20)
        #expect(report.phases[3].resume?.behind == 20 * 30)
        #expect(report.phases[3].resume?.othersUs != nil)
        #expect(report.phases[3].counts.events == 20 * 30 + 22 * 5)
        #expect(report.phases[4].churn?.reconnects == 80)
        #expect(report.phases[4].counts.missing == 0)
    }

    @Test func refusedStreamsAreReported() throws {
        let report = try run(Scenario(name: "a", readers: [ReaderGroup(count: 3)]), .peer, fault: .refusesStreams)
        #expect(report.open?.non200 == 3)
        #expect(report.open?.lastStatus == 503)
        #expect(report.faults.count == 1)
    }

    @Test func aReportReadsBackTheSame() throws {
        let report = try run(Scenario(name: "a", readers: [ReaderGroup(count: 2)], phases: [publishing(3)]), .peer)
        let data = try LoadReport.encoder().encode(report)
        #expect(try LoadReport.decoder().decode(LoadReport.self, from: data).phases == report.phases)
        #expect(ReportText.table(report).contains("6 of 6 events"))
    }

    @Test func anInterruptedRunReportsWhatItHas() throws {
        let server = try ToyServer()
        defer { server.stop() }
        let hasRead = Atomic(false)
        let scenario = Scenario(
            name: "a", readers: [ReaderGroup(count: 2)],
            phases: [publishing(1_000_000), Phase(name: "q", activities: [])])
        let target = try ServerTarget(port: server.port, dialect: .peer)
        let options = LoadRun.Options(
            server: "toy", isInterrupted: { hasRead.load(ordering: .relaxed) })
        let run = try LoadRun(scenario, target: target, options: options) { sample in
            if sample.phase == "p", sample.eventsPerS > 0 { hasRead.store(true, ordering: .relaxed) }
        }
        let report = try run.run()
        #expect(report.phases.count == 1)
        #expect(report.phases[0].counts.events > 0)
        #expect(!report.phases[0].timedOut)
        #expect(report.faults == ["p: interrupted", "q: not run"])
    }

    @Test func nobodyThereIsSaidInWords() throws {
        let server = try ToyServer()
        server.stop()
        let target = try ServerTarget(port: server.port, dialect: .peer)
        let error = #expect(throws: LoadError.self) {
            try LoadRun(Scenario(name: "a"), target: target, options: .init(server: "none"))
        }
        #expect(error?.description.hasPrefix("no server at 127.0.0.1:") == true)
    }

    @Test func whatADialectCannotDoIsRefused() throws {
        let scenario = Scenario(name: "a", phases: [Phase(name: "j", activities: [.createJobs(CreateJobs(count: 1))])])
        let target = try ServerTarget(port: 1, dialect: .broker)
        #expect(throws: LoadError.cannot(.broker, [.jobs])) {
            try LoadRun(scenario, target: target, options: .init(server: "x"))
        }
    }

    @Test func moreStreamsThanDescriptorsAreRefused() throws {
        let scenario = Scenario(name: "a", readers: (0..<200).map { ReaderGroup(name: "g\($0)", count: 100_000) })
        let target = try ServerTarget(port: 1, dialect: .peer)
        let error = #expect(throws: LoadError.self) {
            try LoadRun(scenario, target: target, options: .init(server: "x"))
        }
        guard case .tooFewDescriptors = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func theScenarioFilesCanBeRead() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Scenarios")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
        #expect(!files.isEmpty)
        for file in files {
            let scenario = try JSONDecoder().decode(Scenario.self, from: Data(contentsOf: file))
            #expect(scenario.name == file.deletingPathExtension().lastPathComponent)
        }
    }
}
