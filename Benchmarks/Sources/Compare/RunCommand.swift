import ArgumentParser
import Comparison
import Foundation
import Load

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measures the servers under the scenarios, round by round.",
        discussion: """
            Nothing is built: a binary that is missing is named together with the command that makes it. Each measurement has a fresh server \
            on an empty directory below --out. The results file is written after each one.
            """)

    @Option(help: "Rounds; every second one has the servers in reverse order.")
    var rounds = 3

    @Option(
        help: "Only these scenarios, by commas; otherwise all that compare servers. `start` stands for the start times."
    )
    var scenarios: String?

    @Option(help: "Only these servers, by commas: millstream, epoll, durable, libevent, nchan, node, starlette.")
    var servers: String?

    @Flag(
        help: "One round of everything shrunk to a second or two: proves that every piece works, within three minutes.")
    var quick = false

    @Flag(
        help:
            "Keep the cores from halting, as idle=poll does: in a virtual machine the host decides when a halted core goes on."
    )
    var keepAwake = false

    @Option(
        name: .customLong("out"),
        help:
            "Directory for the results, and for what the servers write: on a disk. Otherwise .build/comparison of the repository.",
        completion: .directory)
    var output: String?

    @Option(help: "Root of the repository; otherwise the one that the working directory is in.", completion: .directory)
    var repository: String?

    @Option(help: "The server to measure; otherwise the repository's release binary.", completion: .file())
    var binary: String?

    @Option(
        help: "The build whose stripped size is to be told; otherwise the one that is measured.", completion: .file())
    var staticBinary: String?

    @Option(help: "First port to try; further ones follow it.")
    var port: UInt16 = 20_200

    func validate() throws {
        guard (1...100).contains(rounds) else { throw ValidationError("--rounds takes 1 to 100") }
        guard (1024..<30_000).contains(port) else { throw ValidationError("--port takes 1024 to 29999") }
    }

    func run() throws {
        Interruption.watch()
        let lock = try RunLock()
        Host.raiseDescriptorLimit()
        let root = try repository.map { URL(fileURLWithPath: $0) } ?? Workbench.repository(from: Self.workingDirectory)
        let bench = Workbench(
            repository: root, generator: try Generator.beside(),
            output: output.map { URL(fileURLWithPath: $0) }
                ?? root.appendingPathComponent(Workbench.outputBelowRepository))
        let specs = try selectedServers(root)
        let (plans, starts) = try selectedScenarios(bench)
        let results = try Results.prepare(
            command: ["Benchmarks/.build/release/compare"] + CommandLine.arguments.dropFirst(), rounds: rounds,
            isQuick: quick, isKeptAwake: keepAwake, bench: bench, servers: specs,
            staticBinary: specs.contains { $0.name == ServerCatalog.ours } ? sized(root) : nil)
        let comparison = ComparisonRun(
            bench: bench, servers: specs, scenarios: plans, firstPort: port, results: results
        ) { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
        let awake = keepAwake ? try AwakeCores(Placement.all) : nil
        try withExtendedLifetime((lock, awake)) { try comparison.run(starts: starts) }
        print(bench.resultsFile.path)
        let failed = comparison.failures
        if !failed.isEmpty {
            FileHandle.standardError.write(
                Data("\(failed.count) measurements failed; the results file says which\n".utf8))
            throw ExitCode(1)
        }
    }

    private static var workingDirectory: URL { URL(fileURLWithPath: FileManager.default.currentDirectoryPath) }

    private func measured(_ root: URL) -> URL {
        binary.map { URL(fileURLWithPath: $0) } ?? root.appendingPathComponent(".build/release/millstream")
    }

    /// A stripped file beside the one that is measured may be of an older build: a copy is stripped instead.
    private func sized(_ root: URL) -> URL { staticBinary.map { URL(fileURLWithPath: $0) } ?? measured(root) }

    private func selectedServers(_ root: URL) throws -> [ServerSpec] {
        let catalog = ServerCatalog(repository: root, millstream: measured(root))
        let wanted = try names(servers, known: catalog.all.map(\.name), what: "server") ?? catalog.all.map(\.name)
        let selected = catalog.all.filter { wanted.contains($0.name) }
        for spec in selected { try spec.checkRequirements() }
        return selected
    }

    /// The scenarios, and whether the start times are wanted.
    private func selectedScenarios(_ bench: Workbench) throws -> ([Scenario], Bool) {
        let all = try ScenarioFiles.read(bench.scenarios)
        let start = "start"
        guard let wanted = try names(scenarios, known: all.map(\.name) + [start], what: "scenario") else {
            return (all.filter { ScenarioNames.compared.contains($0.name) }, true)
        }
        return (all.filter { wanted.contains($0.name) }, wanted.contains(start))
    }

    private func names(_ list: String?, known: [String], what: String) throws -> [String]? {
        guard let wanted = list?.split(separator: ",").map(String.init) else { return nil }
        for name in wanted where !known.contains(name) {
            throw ValidationError("no \(what) \"\(name)\"; there are \(known.joined(separator: ", "))")
        }
        return wanted
    }
}

/// The load generator that goes with this program.
enum Generator {
    static func beside() throws -> URL {
        // Built by the same command as this program, so it stands beside it.
        let file = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("sse-load")
        guard FileManager.default.isExecutableFile(atPath: file.path) else {
            throw RunnerError(
                "\(file.path) is not there; make it with: swift build -c release --package-path Benchmarks --product sse-load"
            )
        }
        return file
    }
}
