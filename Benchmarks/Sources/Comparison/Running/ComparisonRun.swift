import Foundation
import Load

// Runs a plan: one server at a time, fresh for each measurement, and the generator against it. Everything that is found, failures
// included, goes into the results file at once. Used by one thread, which sleeps while somebody else measures.

package final class ComparisonRun {
    private let bench: Workbench
    private let servers: [ServerSpec]
    private let scenarios: [Scenario]
    private let isQuick: Bool
    private let report: (String) -> Void
    private var nextPort: UInt16
    private(set) package var results: Results

    /// Failed measurements so far.
    package var failures: [MeasuredRun] { results.measurements.filter { $0.failure != nil } }

    /// - Parameters:
    ///   - results: with everything but measurements.
    ///   - report: gets a line of progress.
    package init(
        bench: Workbench, servers: [ServerSpec], scenarios: [Scenario], firstPort: UInt16, results: Results,
        report: @escaping (String) -> Void
    ) {
        self.bench = bench
        self.servers = servers
        self.scenarios = results.isQuick ? scenarios.map { $0.shrunk() } : scenarios
        isQuick = results.isQuick
        nextPort = firstPort
        self.results = results
        self.report = report
    }

    /// - Parameter starts: whether the starts of our own server are measured, too.
    package func run(starts: Bool) throws {
        // The generator's core: what the runner itself does must not be the server's.
        try CoreSet([1]).apply()
        if starts, let ours = servers.first(where: { $0.name == ServerCatalog.ours }) { try measureStarts(of: ours) }
        let plan = RunPlan(scenarios: scenarios.map(\.name), rounds: results.rounds, servers: servers.map(\.name)) {
            server, name in
            guard let spec = servers.first(where: { $0.name == server }), let scenario = scenario(name) else {
                return false
            }
            return spec.runs(scenario)
        }
        for (number, step) in plan.steps.enumerated() {
            try Interruption.check()
            guard let spec = servers.first(where: { $0.name == step.server }), let scenario = scenario(step.scenario)
            else { continue }
            let measurement = try measure(spec, scenario, round: step.round)
            try keep(measurement, place: "\(number + 1)/\(plan.steps.count)")
        }
        results.finishedAt = Self.now()
        try results.write(to: bench.resultsFile)
    }

    private func scenario(_ name: String) -> Scenario? { scenarios.first { $0.name == name } }

    private func keep(_ measurement: MeasuredRun, place: String) throws {
        results.measurements.append(measurement)
        try results.write(to: bench.resultsFile)
        let what = "\(measurement.scenario) round \(measurement.round) \(measurement.server)"
        let outcome = measurement.failure.map { "FAILED: \($0)" } ?? ProgressLine.text(measurement)
        report("[\(place)] \(what) (\(String(format: "%.1f", measurement.wallS)) s): \(outcome)")
    }

    private func measureStarts(of spec: ServerSpec) throws {
        let placement = Placement.of(StartTimes.scenario)
        var measurement = empty(StartTimes.scenario, spec, round: 1, placement)
        let begin = ContinuousClock.now
        do {
            measurement.startsMs = try StartTimes.measure(
                spec, count: isQuick ? 3 : 20, cores: placement.server, in: bench, port: takePort)
        } catch {
            try Interruption.check()
            measurement.failure = "\(error)"
        }
        measurement.wallS = (ContinuousClock.now - begin).microseconds / 1e6
        try keep(measurement, place: "starts")
    }

    private func measure(_ spec: ServerSpec, _ scenario: Scenario, round: Int) throws -> MeasuredRun {
        let placement = Placement.of(scenario.name)
        var measurement = empty(scenario.name, spec, round: round, placement)
        let cores = CoreSet(placement.server.cores + placement.load.cores)
        let stolen = StolenTime(of: cores)
        let flushes = DiskFlushes(of: bench.output)
        let begin = ContinuousClock.now
        do {
            try bench.withScratch(spec.name) { try run(scenario, on: spec, in: $0, &measurement) }
        } catch {
            try Interruption.check()
            measurement.failure = "\(error)"
        }
        measurement.wallS = (ContinuousClock.now - begin).microseconds / 1e6
        measurement.stolenShare = stolen.flatMap { StolenTime(of: cores)?.share(since: $0) }
        measurement.slowestFlushMs = flushes?.slowestMs()
        measurement.meanFlushMs = flushes?.meanMs()
        return measurement
    }

    private func run(
        _ scenario: Scenario, on spec: ServerSpec, in directory: URL, _ measurement: inout MeasuredRun
    ) throws {
        let server = try ServerRun(spec, port: takePort(), cores: measurement.serverCores, directory: directory)
        defer { server.stop() }
        measurement.serverCommand = server.command
        try server.waitUntilReady(atMost: .seconds(20))
        // Interpreters go on loading for a while after they listen.
        usleep(300_000)
        measurement.threads = ProcessTable.threadNames(of: server.processes)
        measurement.loadAverage = Host.loadAverage()
        let load = LoadRun(bench: bench, scenario: scenario, spec: spec, directory: directory)
        let command = try load.prepare(port: server.port, processes: server.processes)
        measurement.loadCommand = command
        measurement.report = try load.run(command, cores: measurement.loadCores)
        measurement.failure = server.unexpectedEnd
    }

    private func takePort() throws -> UInt16 {
        let port = try Loopback.freePort(from: nextPort)
        nextPort = port + 1
        return port
    }

    private func empty(_ scenario: String, _ spec: ServerSpec, round: Int, _ placement: Placement) -> MeasuredRun {
        MeasuredRun(
            scenario: scenario, server: spec.name, round: round, startedAt: Self.now(), loadAverage: Host.loadAverage(),
            serverCommand: [], serverCores: placement.server, loadCommand: [], loadCores: placement.load, threads: [],
            wallS: 0)
    }

    /// RFC 3339, UTC.
    package static func now() -> String { Date().formatted(.iso8601) }
}
