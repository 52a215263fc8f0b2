import Foundation
import Load

// A soak from the fresh server to the verdict: start, load, wait until the streams are gone, read the log, ask it to end. Used by one
// thread, which sleeps while the generator works.

package struct SoakRun {
    /// Files in the data directory.
    static let database = "journal.sqlite"
    static let writeAheadLog = "journal.sqlite-wal"
    private static let errorLinesKept = 5
    /// After the last stream: half-closed ones are drained for two seconds, kept-alive connections were closed by the generator.
    private static let settleLimit = Duration.seconds(20)
    private static let drainLimit = Duration.seconds(30)

    private let bench: Workbench
    private let scenario: Scenario
    private let spec: ServerSpec
    private let limits: SoakLimits

    /// - Parameters:
    ///   - binary: the server.
    ///   - configuration: its configuration file, whose retention must let the store reach a steady size within the warm-up.
    package init(bench: Workbench, scenario: Scenario, binary: URL, configuration: URL, limits: SoakLimits) {
        self.bench = bench
        self.scenario = scenario
        self.limits = limits
        spec = ServerSpec(
            name: ServerCatalog.ours, title: "Millstream", dialect: .millstream,
            requirements: [.init(path: binary.path, madeBy: "Config/release.sh")],
            command: { port, directory in
                [
                    binary.path, "serve", "--demo", "--config", configuration.path, "--port", "\(port)", "--data",
                    Self.data(directory).path,
                ]
            }, version: { "" }, readyPath: "/readyz")
    }

    private static func data(_ directory: URL) -> URL { directory.appendingPathComponent("data") }

    /// - Parameter tell: gets a line of progress.
    package func run(port: UInt16, tell: (String) -> Void) throws -> SoakReport {
        try spec.checkRequirements()
        try FileSystem.requireDisk(under: bench.output)
        // Now: whoever works on the sources meanwhile changes what is in them, not what is running.
        let revision = Revision.of(bench.repository)
        return try bench.withScratch("soak") { directory in
            let cores = try CoreSet.current()
            let server = try ServerRun(
                spec, port: try Loopback.freePort(from: port), cores: cores, directory: directory)
            defer { server.stop() }
            try server.waitUntilReady(atMost: .seconds(10))
            let before = Self.descriptors(server.processes)
            let load = LoadRun(bench: bench, scenario: scenario, spec: spec, directory: directory)
            let files = [Self.database, Self.writeAheadLog].flatMap {
                ["--file", Self.data(directory).appendingPathComponent($0).path]
            }
            let command = try load.prepare(port: server.port, processes: server.processes) + ["--pss"] + files
            tell("\(scenario.name): \(scenario.title), for \(Int(scenario.measuredSeconds)) s")
            let stolen = StolenTime(of: cores)
            let flushes = DiskFlushes(of: directory)
            let report = try load.run(command, cores: cores)
            let stolenShare = stolen.flatMap { StolenTime(of: cores)?.share(since: $0) }
            let (slowestFlushMs, meanFlushMs) = (flushes?.slowestMs(), flushes?.meanMs())
            var soaked = SoakedServer(
                command: server.command, descriptorsBefore: before, descriptorsAfter: 0, errorLines: [], errorCount: 0,
                warningCount: 0, endedByItself: server.unexpectedEnd, ending: "", endedCleanly: false)
            soaked.descriptorsAfter = try settledDescriptors(of: server, goal: before)
            let ending = server.end(within: Self.drainLimit)
            soaked.ending = ending.description
            soaked.endedCleanly = ending == .exit(0)
            let log = ServerLog(server.output)
            soaked.errorCount = log.errors.count
            soaked.errorLines = Array(log.errors.prefix(Self.errorLinesKept))
            soaked.warningCount = log.warnings.count
            var soak = SoakReport(load: report, soak: SoakJudge(limits).verdict(report, soaked))
            soak.revision = revision
            soak.host = .current()
            soak.stolenShare = stolenShare
            soak.slowestFlushMs = slowestFlushMs
            soak.meanFlushMs = meanFlushMs
            return soak
        }
    }

    private static func descriptors(_ processes: [Int32]) -> Int {
        processes.reduce(0) { sum, pid in
            sum + ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []).count
        }
    }

    /// Waits until no more than before are open, or as long as it may take.
    private func settledDescriptors(of server: ServerRun, goal: Int) throws -> Int {
        let deadline = ContinuousClock.now + Self.settleLimit
        var open = Self.descriptors(server.processes)
        while open > goal, ContinuousClock.now < deadline {
            try Interruption.check()
            usleep(100_000)
            open = Self.descriptors(server.processes)
        }
        return open
    }
}

extension Scenario {
    /// How long its longest timed activities take, phase by phase.
    var measuredSeconds: Double {
        phases.map { phase in
            phase.activities.map { activity in
                switch activity {
                case .idle(let idle): idle.seconds
                case .churn(let churn): churn.seconds
                case .stall(let stall): stall.seconds
                case .wholeJobs(let jobs): jobs.seconds
                case .publish(let publish): publish.rate > 0 ? Double(publish.count) / publish.rate : 0
                case .createJobs, .runningJobs, .commitEvents, .disconnect, .resume: 0
                }
            }.max() ?? 0
        }.reduce(0, +)
    }
}
