// `millstream config`: what a server would be told.

import ArgumentParser
import Millstream

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check or show the configuration.",
        subcommands: [Check.self, Show.self, Reference.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a configuration as serve would, and say all that is wrong (exit status 78).")

        @OptionGroup var options: ConfigurationOptions

        func run() throws {
            let loaded = try options.load()
            for warning in loaded.warnings { Output.note("warning: \(warning)") }
            let kinds = loaded.configuration.kinds.count
            Output.out(
                "the configuration is right; \(loaded.sources.count - kinds) settings and \(kinds) kinds are declared")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every setting with its value and where that came from, as YAML.")

        @OptionGroup var options: ConfigurationOptions

        func run() throws {
            let loaded = try options.load()
            for warning in loaded.warnings { Output.note("warning: \(warning)") }
            Output.out(String(loaded.yaml.dropLast()))
        }
    }

    struct Reference: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a commented configuration file with every key, its unit, default and limits.")

        func run() throws {
            Output.out(String(ConfigurationReference.yaml.dropLast()))
        }
    }
}
