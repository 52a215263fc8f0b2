import ArgumentParser
import Load

/// The load generator's command line.
@main
struct SSELoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sse-load",
        abstract: "Loads a Server-Sent Events server and checks what comes.",
        subcommands: [])
}
