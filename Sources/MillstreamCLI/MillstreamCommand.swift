// The program's entry and the list of its commands.

import ArgumentParser
import Millstream

@main
struct MillstreamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millstream",
        abstract: "Runs slow jobs and shows each one live.",
        discussion: """
            EXAMPLES
              millstream serve --demo                        a server, and jobs to try
              millstream submit demo.steps                   post a job and watch it
              millstream submit demo.transcribe --upload a.wav
              millstream tail JOB                            watch it from its beginning
              millstream jobs --state in_progress            what runs
              millstream config check --config FILE          is it right?

            The client commands find their server in --server or MILLSTREAM_SERVER, else at \(ServerAddress.fallback). Completion for your \
            shell: millstream --generate-completion-script bash (or zsh, fish).

            \(ExitStatus.table)
            """,
        version: JobServer.version,
        subcommands: [
            ServeCommand.self, SubmitCommand.self, TailCommand.self, JobsCommand.self, CancelCommand.self,
            JournalCommand.self, ConfigCommand.self,
        ])
}
