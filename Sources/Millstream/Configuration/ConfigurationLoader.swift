// Fills a ServerConfiguration: defaults, then the file, the environment, the flags. Runs once before any thread starts,
// and again on SIGHUP (on a worker thread: it reads a file). It collects every fault before it gives up.

import MillstreamAccess

/// A value from the command line.
public struct ConfigurationFlag: Sendable, Hashable {
    /// As it was typed: `--port`.
    public var name: String
    /// The dotted key that it sets.
    public var key: String
    public var text: String

    public init(_ name: String, key: String, _ text: String) {
        self.name = name
        self.key = key
        self.text = text
    }
}

/// A configuration and where each of its values came from.
public struct LoadedConfiguration: Sendable, Hashable {
    public var configuration: ServerConfiguration
    /// By dotted key (`kinds.NAME` for kinds); keys that have their default are missing.
    public var sources: [String: ConfigurationSource]
    /// What is odd but no reason to stop, such as a worker program that is not there yet.
    public var warnings: [ConfigurationProblem]
    /// The file that was read, for SIGHUP to read it again.
    public var file: String?
}

/// Reads a configuration from its sources.
public struct ConfigurationLoader: Sendable {
    /// The path of the configuration file, or nil for none.
    public var file: String?
    /// All of the process's variables; those with other names than a setting's are ignored, unless they begin like one.
    public var environment: [String: String]
    public var flags: [ConfigurationFlag]

    public init(file: String?, environment: [String: String], flags: [ConfigurationFlag] = []) {
        self.file = file
        self.environment = environment
        self.flags = flags
    }

    /// Reads and checks everything. Blocks on the file.
    public func load() throws(ConfigurationFailure) -> LoadedConfiguration {
        var draft = ConfigurationDraft()
        if let file { ConfigurationFile(path: file).read(into: &draft) }
        readEnvironment(into: &draft)
        for flag in flags {
            draft.set(flag.key, flag.text, from: .flag(name: flag.name))
        }
        if draft.problems.isEmpty { checkCombinations(&draft) }
        guard draft.problems.isEmpty else { throw ConfigurationFailure(draft.problems) }
        return LoadedConfiguration(
            configuration: draft.configuration, sources: draft.sources, warnings: draft.warnings, file: file)
    }

    /// Names with our prefix that are no settings: for the command line tools and the tests.
    private static let otherNames: Set<String> = [
        "MILLSTREAM_CONFIG", "MILLSTREAM_SERVER", "MILLSTREAM_BINARY", "MILLSTREAM_TESTS_REQUIRE_ALL",
    ]

    private func readEnvironment(into draft: inout ConfigurationDraft) {
        var known = Self.otherNames
        for setting in SettingTable.all {
            known.insert(setting.environmentName)
            guard let text = environment[setting.environmentName] else { continue }
            draft.set(setting.key, text, from: .environment(name: setting.environmentName))
        }
        let names = SettingTable.all.map(\.environmentName)
        for name in environment.keys.sorted() where name.hasPrefix("MILLSTREAM_") && !known.contains(name) {
            // Only a warning: whoever starts us may have variables of their own that begin like this.
            let hint = NearMiss.of(name, in: names).map { "; did you mean \($0)?" } ?? ""
            draft.warnings.append(.init(.environment(name: name), "", "is no setting" + hint))
        }
    }

    private func checkCombinations(_ draft: inout ConfigurationDraft) {
        let configuration = draft.configuration
        if let refusal = AccessPolicy(mode: .loopbackOnly).refusalToBind(host: configuration.host) {
            draft.report("host", refusal)
        }
        if configuration.host.hasPrefix("unix:"), configuration.host.utf8.count > 5 + 107 {
            draft.report("host", "the path of a unix socket may have 107 bytes at most (sockaddr_un)")
        } else if configuration.host == "unix:" {
            draft.report("host", "unix: needs a path behind it")
        }
        let atMost: [(String, Int, String, Int)] = [
            (
                "limits.max_target_bytes", configuration.limits.maxTargetBytes, "limits.max_head_bytes",
                configuration.limits.maxHeadBytes
            ),
            (
                "limits.max_body_bytes", configuration.limits.maxBodyBytes, "limits.max_total_body_bytes",
                configuration.limits.maxTotalBodyBytes
            ),
            (
                "limits.max_streams", configuration.limits.maxStreams, "limits.max_connections",
                configuration.limits.maxConnections
            ),
            (
                "uploads.max_bytes", configuration.uploads.maxBytes, "uploads.max_total_bytes",
                configuration.uploads.maxTotalBytes
            ),
            (
                "streams.recent_bytes_per_log", configuration.streams.recentBytesPerLog, "streams.recent_bytes",
                configuration.streams.recentBytes
            ),
        ]
        for (small, smallValue, large, largeValue) in atMost where smallValue > largeValue {
            // Whoever lowers the larger one alone means both: only a pair that was asked for is refused.
            if draft.sources[small] == nil {
                if let setting = SettingTable.setting(small), let bound = SettingTable.setting(large) {
                    _ = setting.value.assign(bound.text(in: configuration), to: &draft.configuration)
                }
            } else {
                draft.report(
                    small,
                    "must not be more than \(large), which is \(SettingTable.setting(large)?.text(in: configuration) ?? "")"
                )
            }
        }
        for origin in configuration.corsOrigins where !Self.isOrigin(origin) {
            draft.report("cors_origins", "'\(origin)' is no origin (scheme://host[:port], without a path) and not *")
        }
    }

    private static func isOrigin(_ text: String) -> Bool {
        if text == "*" { return true }
        guard let separator = text.firstRange(of: "://") else { return false }
        let rest = text[separator.upperBound...]
        let scheme = text[..<separator.lowerBound]
        return !scheme.isEmpty && !rest.isEmpty && !rest.contains { "/?# ".contains($0) }
    }
}
