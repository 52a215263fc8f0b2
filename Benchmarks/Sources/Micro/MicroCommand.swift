// The command line: `micro` shows, `micro check` judges, `micro update` commits to what was measured.

import ArgumentParser
import Foundation
import Measuring

@main
struct MicroCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "micro",
        abstract: "Counts allocations, system calls and bytes of Millstream's parts. Times are shown and never judged.",
        subcommands: [Show.self, Check.self, Update.self], defaultSubcommand: Show.self)
}

struct Choice: ParsableArguments {
    @Option(help: "Only benchmarks whose name contains this.")
    var only: String?

    /// Runs the benchmarks, after the counters were checked.
    func run() throws -> [MeasuredCost] {
        try CountingCheck.run()
        return try chosen.map { try $0.run() }
    }

    private var chosen: [Benchmark] {
        guard let only else { return AllBenchmarks.list }
        return AllBenchmarks.list.filter { $0.name.contains(only) }
    }
}

struct LimitsFolder: ParsableArguments {
    @Option(help: "The folder of the committed limits, a JSON file for each benchmark.")
    var thresholds = "Benchmarks/Thresholds"

    var url: URL { URL(fileURLWithPath: thresholds, isDirectory: true) }
}

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints what an operation of each benchmark costs.")

    @OptionGroup var choice: Choice

    func run() throws {
        let measurements = try choice.run()
        print(Table.text(measurements))
        for measurement in measurements where !measurement.isSteady {
            print("\(measurement.name): its rounds differ; the middle one of each count is shown")
        }
    }
}

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fails when an operation costs more than its committed limit.")

    @OptionGroup var choice: Choice
    @OptionGroup var folder: LimitsFolder

    func run() throws {
        let limits = try Limits(directory: folder.url)
        let measurements = try choice.run()
        print(Table.text(measurements))
        let findings = Verdict.findings(of: measurements, limits: limits, isWhole: choice.only == nil)
        for finding in findings { print("\(finding.isFailure ? "FAILED" : "note"): \(finding)") }
        guard !findings.contains(where: \.isFailure) else { throw ExitCode.failure }
        print("\(measurements.count) benchmarks within their limits")
    }
}

struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes what was measured, with its tolerances, as the new limits.")

    @OptionGroup var choice: Choice
    @OptionGroup var folder: LimitsFolder

    func run() throws {
        let measurements = try choice.run()
        try Limits(measurements).write(to: folder.url, keepsOthers: choice.only != nil)
        print(Table.text(measurements))
        for measurement in measurements where measurement.tolerance != .none {
            let percent = Int((measurement.tolerance.share * 100).rounded())
            print("\(measurement.name): \(percent) % more is allowed, because \(measurement.tolerance.reason)")
        }
    }
}
