import ArgumentParser

/// The load generator's command line.
@main
struct SSELoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sse-load",
        abstract: "Loads a Server-Sent Events server and checks what comes.",
        discussion: """
            Runs a scenario file of Benchmarks/Scenarios against one server: opens thousands of streams from several \
            source addresses, publishes on a fixed schedule or has the server publish, checks every id of every stream, and \
            reports latency, losses and what it cost the server.
            """,
        subcommands: [RunCommand.self, CheckCommand.self, SelfTestCommand.self])
}
