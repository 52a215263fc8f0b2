// `millstream cancel`: asks a job to stop.

import ArgumentParser

struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel jobs.",
        discussion:
            "Asks politely first and ends the worker by force after its kind's grace. Doing it twice does no harm.")

    @Argument(help: "The jobs' ids.")
    var jobs: [String]

    @Flag(help: "Print each job as one line of JSON.")
    var json = false

    @OptionGroup var server: ServerOption

    func run() throws {
        try server.run { client throws(ClientFailure) in
            for id in jobs {
                let job = try client.cancel(id)
                Output.out(
                    json ? job.text.text : job.isTerminal ? "\(job.id) \(job.state)" : "\(job.id) is being cancelled")
            }
            return 0
        }
    }
}
