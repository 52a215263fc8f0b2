// `millstream journal`: looks at a data directory without a server.

import ArgumentParser

struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Inspect, check, compact or dump the journal of a data directory.")
}
