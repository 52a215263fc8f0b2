import ArgumentParser
import Comparison
import Foundation
import Load

/// `compare soak`: a long run of everything at once, and whether the server stays as it was.
struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Loads a fresh server with churn for a long time and fails when anything grows or is lost.",
        discussion: """
            Starts the release server on an empty directory, runs the scenario, samples memory, descriptors, threads, files and latency once a \
            second and judges the curves after the first third. Exit status 1 with the figures that failed. Latency is judged on request only.
            """)

    @Option(help: "The scenario file; otherwise the one of half an hour.", completion: .file())
    var scenario: String?

    @Option(help: "The server's configuration file; otherwise the one for soaks.", completion: .file())
    var config: String?

    @Option(
        name: .customLong("out"),
        help: "Directory for soak.json and soak.svg; otherwise .build/soak of the repository.",
        completion: .directory)
    var output: String?

    @Option(help: "Root of the repository; otherwise the one that the working directory is in.", completion: .directory)
    var repository: String?

    @Option(help: "The server; otherwise the repository's release binary.", completion: .file())
    var binary: String?

    @Option(help: "First port to try.")
    var port: UInt16 = 20_300

    @Flag(help: "Fails when latency drifts, too: on a machine that does nothing else.")
    var judgeLatency = false

    func validate() throws {
        guard (1024..<30_000).contains(port) else { throw ValidationError("--port takes 1024 to 29999") }
    }

    func run() throws {
        Interruption.watch()
        Host.raiseDescriptorLimit()
        let here = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        let root = try repository.map { URL(fileURLWithPath: $0) } ?? Workbench.repository(from: here)
        let directory =
            output.map { URL(fileURLWithPath: $0) } ?? root.appendingPathComponent(Workbench.soakBelowRepository)
        let bench = Workbench(repository: root, generator: try Generator.beside(), output: directory)
        var limits = SoakLimits()
        limits.judgesLatency = judgeLatency
        let run = SoakRun(
            bench: bench,
            scenario: try ScenarioFiles.read(
                file: scenario.map { URL(fileURLWithPath: $0) } ?? bench.scenarios.appendingPathComponent("soak.json")),
            binary: binary.map { URL(fileURLWithPath: $0) } ?? root.appendingPathComponent(".build/release/millstream"),
            configuration: config.map { URL(fileURLWithPath: $0) }
                ?? root.appendingPathComponent("Benchmarks/Scenarios/soak.yaml"),
            limits: limits)
        let report = try run.run(port: port) { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
        try write(report, to: directory)
        for finding in report.soak.findings { print(finding.line) }
        if !report.soak.passed { throw ExitCode(1) }
    }

    private func write(_ report: SoakReport, to directory: URL) throws {
        try report.write(to: directory.appendingPathComponent("soak.json"))
        if let picture = report.picture {
            try picture.svg.write(
                to: directory.appendingPathComponent("soak.svg"), atomically: true, encoding: .utf8)
        }
    }
}
