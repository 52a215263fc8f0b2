import ArgumentParser
import Foundation
import Load

extension Dialect: ExpressibleByArgument {}

/// `sse-load run FILE --port N`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a scenario against a server that is up.",
        discussion: """
            SIGINT or SIGTERM ends the run where it is: the report then holds what was measured until there, says so, and the exit \
            status is 130 or 143.
            """)

    @Argument(help: "The scenario file.")
    var scenario: String

    @Option(help: "How to talk to the server: \(Dialect.allCases.map(\.rawValue).joined(separator: ", ")).")
    var dialect: Dialect = .millstream

    @Option(help: "Its IPv4 address.")
    var host = "127.0.0.1"

    @Option(help: "Its port.")
    var port: UInt16

    @Option(help: "Its name in the report; the dialect's when left out.")
    var server: String?

    @Option(parsing: .singleValue, help: "A process of it whose CPU, memory and descriptors are sampled; repeatable.")
    var pid: [Int32] = []

    @Option(help: "Path of a stream with the dialect generic; {} is the channel's number.")
    var path = "/events/{}"

    @Option(parsing: .singleValue, help: "A header of every request, as 'Name: value'; repeatable.")
    var header: [String] = []

    @Option(help: "Where to write the report as JSON; - for standard output, without the table.")
    var json: String?

    @Flag(help: "Samples the share of memory that is the server's alone, too; it costs the server some CPU.")
    var pss = false

    @Option(parsing: .singleValue, help: "A file of the server whose size is sampled; repeatable.")
    var file: [String] = []

    @Option(help: "Core to stay on.")
    var cpu: Int?

    @Flag(inversion: .prefixedNo, help: "One line a second on standard error; by default on a terminal only.")
    var progress: Bool?

    @Flag(help: "Exit status 3 when anything was lost, refused or late.")
    var strict = false

    func run() throws {
        let scenario = try ScenarioFile.read(self.scenario)
        let target: ServerTarget
        let report: LoadReport
        Interruption.watch()
        do throws(LoadError) {
            target = try ServerTarget(host: host, port: port, dialect: dialect, path: path, headers: header)
            let options = LoadRun.Options(
                server: server ?? dialect.rawValue, pids: pid, command: CommandLine.arguments, cpu: cpu,
                watch: LoadRun.Watch(pss: pss, files: file), isInterrupted: { Interruption.hasCome })
            let isShown = progress ?? (isatty(STDERR_FILENO) == 1)
            let run = try LoadRun(scenario, target: target, options: options) { sample in
                if isShown { Output.error(ReportText.line(sample)) }
            }
            report = try run.run()
        } catch {
            throw Output.failure(error.description, status: error.exitStatus)
        }
        try write(report)
        if Interruption.hasCome { throw ExitCode(Interruption.exitStatus) }
        if strict, !report.faults.isEmpty { throw ExitCode(3) }
    }

    private func write(_ report: LoadReport) throws {
        let data = try LoadReport.encoder().encode(report)
        if json == "-" {
            FileHandle.standardOutput.write(data + Data("\n".utf8))
            return
        }
        print(ReportText.table(report))
        guard let json else { return }
        do {
            try (data + Data("\n".utf8)).write(to: URL(fileURLWithPath: json), options: .atomic)
        } catch {
            throw Output.failure("\(json) cannot be written: \(error.localizedDescription)", status: 73)
        }
    }
}

/// `sse-load check FILE…`: whether scenario files can be read, and what they need.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Reads scenario files and says what is wrong.")

    @Argument(help: "Scenario files.")
    var files: [String]

    func run() throws {
        for file in files {
            let scenario = try ScenarioFile.read(file)
            let needs = scenario.needs.map(\.rawValue).sorted().joined(separator: ", ")
            print("\(scenario.name): needs \(needs); at most \(scenario.streamsAtOnce) streams")
        }
    }
}

/// A scenario out of a file, or the sentence that says why not.
enum ScenarioFile {
    static func read(_ path: String) throws -> Scenario {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Output.failure("\(path) cannot be read", status: 66)
        }
        do {
            return try JSONDecoder().decode(Scenario.self, from: data)
        } catch let error as ScenarioError {
            throw Output.failure("\(path): \(error.description)", status: 65)
        } catch {
            throw Output.failure("\(path) is not JSON", status: 65)
        }
    }
}

/// Standard error, and the exit status that goes with what is said there (sysexits.h).
enum Output {
    static func error(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    static func failure(_ line: String, status: Int32) -> ExitCode {
        error("sse-load: " + line)
        return ExitCode(status)
    }
}

extension LoadError {
    var exitStatus: Int32 {
        switch self {
        case .badAddress, .badHeader: 64
        case .unknownGroup, .twice: 65
        case .noServer, .cannot, .noProcess: 69
        case .tooFewDescriptors, .system: 71
        }
    }
}
