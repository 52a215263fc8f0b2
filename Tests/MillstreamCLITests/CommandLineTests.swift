import ArgumentParser
import Millstream
import Testing

@testable import MillstreamCLI

@Suite struct CommandLineTests {
    @Test func flagsNameSettingsOfTheTable() throws {
        let options = try ConfigurationOptions.parse([
            "--demo", "--host", "::1", "-p", "0", "-d", "/x", "--store", "memory", "--log-level", "debug",
            "--log-format", "json",
            "--log-file", "/l", "--graceful-timeout", "1s", "--set", "streams.heartbeat=5s", "--set",
            "cors_origins=http://a=b",
        ])
        #expect(options.flags.count == 11)
        for flag in options.flags { #expect(SettingTable.setting(flag.key) != nil, "\(flag)") }
        #expect(options.flags.last == ConfigurationFlag("--set", key: "cors_origins", "http://a=b"))
        let loaded = try ConfigurationLoader(file: nil, environment: [:], flags: Array(options.flags.dropLast())).load()
        #expect(loaded.configuration.streams.heartbeatMs == 5000)
        #expect(loaded.configuration.journal.store == .memory)
        #expect(throws: (any Error).self) { try ConfigurationOptions.parse(["--set", "x"]) }
    }

    @Test(arguments: [
        ["submit"], ["submit", "k", "--input", "1", "--input-file", "x"], ["submit", "k", "--wait", "--no-follow"],
        ["tail"],
        ["tail", "a", "--channel", "b"], ["jobs", "--limit", "0"], ["cancel"], ["serve", "--nothing"],
        ["journal", "check", "--max-findings", "0"],
    ])
    func wrongUsageIsRefusedWithStatus64(_ arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try MillstreamCommand.parseAsRoot(arguments) }
        if let error { #expect(MillstreamCommand.exitCode(for: error).rawValue == 64) }
    }

    @Test(arguments: [
        ["serve", "--demo", "--port", "0"], ["submit", "k", "-i", "{}", "--json", "-s", "unix:/x"],
        ["tail", "a", "--after", "e-1"],
        ["tail", "-c", "a", "-c", "b"], ["jobs", "--state", "queued", "-n", "3"], ["cancel", "a", "b"],
        ["journal", "inspect", "-d", "/x"],
        ["journal", "dump", "job:a"], ["config", "check", "--config", "f"], ["config", "show"],
        ["config", "reference"],
    ])
    func usageIsTaken(_ arguments: [String]) {
        #expect(throws: Never.self) { try MillstreamCommand.parseAsRoot(arguments) }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionScriptsAreMade(_ shell: String) throws {
        let script = MillstreamCommand.completionScript(for: CompletionShell(rawValue: shell) ?? .bash)
        #expect(script.contains("submit"))
        #expect(script.contains("in_progress"))
    }

    @Test func helpNamesEveryExitStatusAndCommand() {
        let help = MillstreamCommand.helpMessage()
        for word in [
            "serve", "submit", "tail", "jobs", "cancel", "journal", "config", "EXIT STATUS", "130", "EXAMPLES",
        ] {
            #expect(help.contains(word))
        }
    }
}
