import ArgumentParser

/// The side-by-side comparison's command line.
@main
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measures Millstream and other SSE servers in turn, in one run, and makes a page of it.",
        subcommands: [RunCommand.self, SoakCommand.self, ReportCommand.self])
}
