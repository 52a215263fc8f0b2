// The flags that change settings, for all commands that need a configuration. Each names a key of the one table; the
// table checks the value, so that flags, file and environment refuse the same things.

import ArgumentParser
import Glibc
import Millstream

struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .long],
        help: ArgumentHelp(
            "The configuration file. Default: MILLSTREAM_CONFIG, or none.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Flag(help: "Turn the demo kinds on.")
    var demo = false

    @Option(help: ArgumentHelp("The address to listen on, or unix:PATH. Default: 127.0.0.1.", valueName: "address"))
    var host: String?

    @Option(
        name: [.short, .long], help: ArgumentHelp("The port; 0 takes a free one. Default: 8080.", valueName: "number"))
    var port: String?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The directory for the journal and uploads. Default: ./millstream-data.", valueName: "directory"),
        completion: .directory)
    var data: String?

    @Option(
        help: ArgumentHelp("sqlite, or memory to keep nothing.", valueName: "store"),
        completion: .list(["sqlite", "memory"]))
    var store: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. Default: info.", valueName: "level"),
        completion: .list(["trace", "debug", "info", "notice", "warning", "error", "critical"]))
    var logLevel: String?

    @Option(
        help: ArgumentHelp("text or json. Default: text.", valueName: "format"), completion: .list(["text", "json"]))
    var logFormat: String?

    @Option(
        help: ArgumentHelp("Where to log; SIGHUP opens it again. Default: standard error.", valueName: "file"),
        completion: .file())
    var logFile: String?

    @Option(help: ArgumentHelp("From SIGTERM to the end. Default: 30s.", valueName: "duration"))
    var gracefulTimeout: String?

    @Option(
        help: ArgumentHelp(
            "Any other setting, such as streams.heartbeat=5s (may be repeated).",
            discussion: "All keys: millstream config reference.", valueName: "key=value"),
        completion: .list(SettingTable.all.map { $0.key + "=" }))
    var set: [String] = []

    func validate() throws {
        for word in set where !word.contains("=") { throw ValidationError("--set wants KEY=VALUE, not '\(word)'") }
    }

    /// Reads everything again each time it is asked: SIGHUP uses it too.
    var loader: ConfigurationLoader { Self.loader(config: config, flags: flags) }

    /// Loads, or prints every fault and exits with 78.
    func load() throws -> LoadedConfiguration { try Self.load(loader) }

    /// The configuration for commands that need little of it.
    static func load(config: String?, data: String?) throws -> ServerConfiguration {
        let flags = data.map { [ConfigurationFlag("--data", key: "data", $0)] } ?? []
        return try load(loader(config: config, flags: flags)).configuration
    }

    private static func loader(config: String?, flags: [ConfigurationFlag]) -> ConfigurationLoader {
        ConfigurationLoader(file: config ?? variable("MILLSTREAM_CONFIG"), environment: environment, flags: flags)
    }

    private static func load(_ loader: ConfigurationLoader) throws -> LoadedConfiguration {
        do throws(ConfigurationFailure) {
            return try loader.load()
        } catch {
            for problem in error.problems { Output.fail(problem.description) }
            throw ExitCode(ConfigurationFailure.exitStatus)
        }
    }

    var flags: [ConfigurationFlag] {
        let named: [(String, String, String?)] = [
            ("--demo", "demo", demo ? "true" : nil), ("--host", "host", host), ("--port", "port", port),
            ("--data", "data", data),
            ("--store", "journal.store", store), ("--log-level", "log.level", logLevel),
            ("--log-format", "log.format", logFormat), ("--log-file", "log.file", logFile),
            ("--graceful-timeout", "graceful_timeout", gracefulTimeout),
        ]
        let chosen = named.compactMap { name, key, text in text.map { ConfigurationFlag(name, key: key, $0) } }
        return chosen
            + set.map { word in
                let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                return ConfigurationFlag("--set", key: parts[0], parts.count > 1 ? parts[1] : "")
            }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Only our own: what else the environment holds is nobody's business here.
    private static var environment: [String: String] {
        var found: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0].hasPrefix("MILLSTREAM_") { found[String(parts[0])] = String(parts[1]) }
            entry = entry.advanced(by: 1)
        }
        return found
    }
}
