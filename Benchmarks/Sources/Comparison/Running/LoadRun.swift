import Foundation
import Load

// One run of the load generator. Used by one thread.

struct LoadRun {
    let bench: Workbench
    let scenario: Scenario
    let spec: ServerSpec
    let directory: URL

    private var reportFile: URL { directory.appendingPathComponent("report.json") }

    /// Writes the scenario, as it is run, beside the server's data and returns the command.
    func prepare(port: UInt16, processes: [Int32]) throws -> [String] {
        let file = directory.appendingPathComponent("scenario.json")
        try JSONEncoder().encode(scenario).write(to: file)
        let named = processes.flatMap { ["--pid", "\($0)"] }
        return [
            bench.generator.path, "run", file.path, "--server", spec.name, "--dialect", spec.dialect.rawValue, "--port",
            "\(port)",
            "--json", reportFile.path,
        ] + named
    }

    func run(_ command: [String], cores: CoreSet) throws -> LoadReport {
        let log = directory.appendingPathComponent("load-output")
        let child = try ChildGroup(command, cores: cores, directory: directory, output: log)
        defer { child.stop(grace: .seconds(1)) }
        guard try child.waitForEnd(atMost: limit) else {
            throw RunnerError("the generator did not end within \(limit): \(tail(of: log))")
        }
        let ending = child.stop(grace: .zero)
        guard let data = try? Data(contentsOf: reportFile) else {
            throw RunnerError("the generator: \(ending): \(tail(of: log))")
        }
        return try LoadReport.decoder().decode(LoadReport.self, from: data)
    }

    /// All that the scenario allows itself, and a minute.
    private var limit: Duration {
        .seconds(scenario.openTimeoutS + scenario.settleS + scenario.phases.map(\.timeoutS).reduce(0, +) + 60)
    }
}
