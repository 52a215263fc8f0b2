// `millstream journal`: looks at and tends a data directory that no server uses at the time.

import ArgumentParser
import Millstream
import MillstreamJSON

struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Inspect, check, compact or dump the journal of a data directory.",
        discussion: """
            Works on the files themselves, so the server must not run; it is refused (73) while one does.

            EXAMPLES
              millstream journal inspect --data /var/lib/millstream
              millstream journal check || echo damaged
              millstream journal dump job:ID channel:news > events.ndjson
            """,
        subcommands: [Inspect.self, Check.self, Compact.self, Dump.self])

    struct Options: ParsableArguments {
        @Option(
            name: [.customShort("c"), .long],
            help: ArgumentHelp(
                "The server's configuration file, for its data directory. Default: MILLSTREAM_CONFIG, or none.",
                valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
        var config: String?

        @Option(
            name: [.short, .long],
            help: ArgumentHelp("The data directory. Default: ./millstream-data.", valueName: "directory"),
            completion: .directory)
        var data: String?

        /// Runs on the journal of the configured data directory.
        func run(_ body: (OfflineJournal) throws(StartFailure) -> Int32) throws {
            let directory = try ConfigurationOptions.load(config: config, data: data).dataDirectory
            let status: Int32
            do throws(StartFailure) {
                status = try body(OfflineJournal(dataDirectory: directory))
            } catch {
                Output.fail(error.description)
                status = error.exitStatus
            }
            guard status == 0 else { throw ExitCode(status) }
        }
    }

    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what the journal holds and how large it is.")

        @Flag(help: "Print it as one line of JSON.")
        var json = false

        @OptionGroup var options: Options

        func run() throws {
            try options.run { journal throws(StartFailure) in
                let summary = try journal.summary()
                if json { Output.out(Self.json(summary)) } else { for line in Self.lines(summary) { Output.out(line) } }
                return 0
            }
        }

        private static func lines(_ summary: OfflineJournal.Summary) -> [String] {
            let figures = summary.statistics
            return [
                "journal     \(summary.path)",
                "last end    \(summary.wasClean ? "orderly" : "killed or crashed; the next start recovers")",
                "jobs        \(figures.jobs), \(figures.liveJobs) of them live", "channels    \(figures.channels)",
                "events      \(figures.events)",
                "size        \(figures.fileBytes) bytes, \(figures.freeBytes) of them free",
            ]
        }

        private static func json(_ summary: OfflineJournal.Summary) -> String {
            let figures = summary.statistics
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("path", summary.path)
            writer.member("was_clean", summary.wasClean)
            writer.member("jobs", figures.jobs)
            writer.member("live_jobs", figures.liveJobs)
            writer.member("channels", figures.channels)
            writer.member("events", figures.events)
            writer.member("file_bytes", figures.fileBytes)
            writer.member("free_bytes", figures.freeBytes)
            writer.endObject()
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read everything and say what should not be (exit status 1 when something is found).")

        @Option(help: ArgumentHelp("Stop after so many findings.", valueName: "count"))
        var maxFindings = 100

        @OptionGroup var options: Options

        func validate() throws {
            guard maxFindings > 0 else { throw ValidationError("--max-findings must be 1 or more") }
        }

        func run() throws {
            try options.run { journal throws(StartFailure) in
                let found = try journal.check(maxFindings: maxFindings) { Output.out(TerminalText.safe($0)) }
                Output.note(found == 0 ? "the journal is sound" : "\(found) findings")
                return found == 0 ? 0 : 1
            }
        }
    }

    struct Compact: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Rewrite the file without its free space.",
            discussion: "Needs as much room on the disk as the journal holds.")

        @OptionGroup var options: Options

        func run() throws {
            try options.run { journal throws(StartFailure) in
                let before = try journal.summary().statistics.fileBytes
                try journal.compact()
                Output.out("\(before) bytes before, \(try journal.summary().statistics.fileBytes) now")
                return 0
            }
        }
    }

    struct Dump: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print events as lines of JSON: log, id, event, data, time.")

        @Argument(help: ArgumentHelp("job:ID or channel:NAME; all of them when none is named.", valueName: "log"))
        var logs: [String] = []

        @OptionGroup var options: Options

        func run() throws {
            try options.run { journal throws(StartFailure) in
                try journal.dump(logs) { Output.out($0) }
                return 0
            }
        }
    }
}
