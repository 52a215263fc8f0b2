import Foundation
import MillstreamJobs
import Testing

@testable import Millstream

@Suite struct ConfigurationTests {
    /// Reads a text as if it stood in /etc/m/millstream.yaml.
    private func read(_ yaml: String) -> ConfigurationDraft {
        var draft = ConfigurationDraft()
        ConfigurationFile(path: "/etc/m/millstream.yaml").read(yaml, into: &draft)
        return draft
    }

    private func problems(_ yaml: String) -> [String] { read(yaml).problems.map(\.description) }

    private func temporaryFile(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("millstream-\(UUID().uuidString).yaml")
            .path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func emptyFileGivesTheDefaults() {
        for yaml in ["", "# nothing\n", "~\n", "limits:\n  # all commented out\nkinds:\n"] {
            let draft = read(yaml)
            #expect(draft.problems.isEmpty)
            #expect(draft.configuration == ServerConfiguration())
        }
    }

    @Test func everyTypeOfValueIsRead() {
        let draft = read(
            """
            port: 9_000
            demo: yes
            data: var/data
            cors_origins: [http://localhost:3000, "https://a.example"]
            log: { format: json, level: debug, file: off }
            limits:
              max_body_bytes: 2MiB
              head_timeout: 1.5s
              send_buffer: 65536
            streams:
              max_age: 1h30m
            retention:
              ended_job_age: off
              channel_idle: ~
            journal: { store: memory }
            """)
        #expect(draft.problems == [])
        let configuration = draft.configuration
        #expect(configuration.port == 9000)
        #expect(configuration.demo)
        #expect(configuration.dataDirectory == "/etc/m/var/data")
        #expect(configuration.corsOrigins == ["http://localhost:3000", "https://a.example"])
        #expect(configuration.log.format == .json)
        #expect(configuration.log.level == .debug)
        #expect(configuration.limits.maxBodyBytes == 2 << 20)
        #expect(configuration.limits.headTimeoutMs == 1500)
        #expect(configuration.limits.sendBufferBytes == 65_536)
        #expect(configuration.streams.maxAgeMs == 5_400_000)
        #expect(configuration.retention.endedJobAgeMs == nil)
        #expect(configuration.retention.channelIdleMs == nil)
        #expect(configuration.journal.store == .memory)
    }

    @Test func allFaultsAreToldAtOnceEachWithFileLineKeyAndReason() {
        let found = problems(
            """
            prot: 80
            port: 70000
            streams:
              heartbeat: 15
              max_age: soon
            limits:
              max_body_byte: 1MiB
              max_head_bytes: [1]
            demo: maybe
            max_streams: 4
            log: json
            journal:
              store: sqlit
            """)
        #expect(
            found == [
                "/etc/m/millstream.yaml:1: prot: is no setting; did you mean port?",
                "/etc/m/millstream.yaml:2: port: must be a whole number from 0 to 65535, not '70000'",
                "/etc/m/millstream.yaml:4: streams.heartbeat: must be a duration from 1s to 25s, not '15' "
                    + "(a number with ms, s, m, h or d)",
                "/etc/m/millstream.yaml:5: streams.max_age: must be a duration from 1s to 30d, or off, not 'soon' "
                    + "(a number with ms, s, m, h or d)",
                "/etc/m/millstream.yaml:7: limits.max_body_byte: is no setting; did you mean limits.max_body_bytes?",
                "/etc/m/millstream.yaml:8: limits.max_head_bytes: must be a size from 1KiB to 1MiB, not a list",
                "/etc/m/millstream.yaml:9: demo: must be true or false, not 'maybe'",
                "/etc/m/millstream.yaml:10: max_streams: is no setting; did you mean limits.max_streams?",
                "/etc/m/millstream.yaml:11: log: must hold keys and values, not 'json'",
                "/etc/m/millstream.yaml:13: journal.store: must be one of sqlite, memory, not 'sqlit'; did you mean sqlite?",
            ])
    }

    @Test func brokenYAMLIsToldWithItsLine() {
        #expect(problems("port: 1\nhost: [a\n").first?.hasPrefix("/etc/m/millstream.yaml:3: ") == true)
        #expect(problems("port: 1\nport: 2\n").first?.contains("'port' stands twice") == true)
        #expect(problems("- a\n").first?.contains("keys and values") == true)
        #expect(!problems("a: &x [*x]\n").isEmpty)
        #expect(!problems("? {a: b}\n: c\n").isEmpty)
    }

    @Test func everySettingTakesItsBoundsAndRefusesOnePastThem() {
        for setting in SettingTable.all {
            var configuration = ServerConfiguration()
            switch setting.value {
            case .duration(_, let range), .optionalDuration(_, let range):
                for (value, fits) in cases(range) {
                    #expect(
                        (setting.value.assign("\(value)ms", to: &configuration) == nil) == fits,
                        "\(setting.key) \(value)")
                }
            case .bytes(_, let range), .optionalBytes(_, let range), .count(_, let range), .optionalCount(_, let range):
                for (value, fits) in cases(range) {
                    #expect(
                        (setting.value.assign("\(value)", to: &configuration) == nil) == fits, "\(setting.key) \(value)"
                    )
                }
            case .choice(let words, let get, _):
                for word in words {
                    #expect(setting.value.assign(word, to: &configuration) == nil)
                    #expect(get(configuration) == word)
                }
                #expect(setting.value.assign("other", to: &configuration) != nil)
            case .flag, .text, .path, .optionalPath, .list: break
            }
        }
    }

    private func cases(_ range: ClosedRange<Int>) -> [(Int, Bool)] {
        let below = range.lowerBound > 0 ? [(range.lowerBound - 1, false)] : []
        return below + [(range.lowerBound, true), (range.upperBound, true), (range.upperBound + 1, false)]
    }

    @Test func everyDefaultIsWithinItsOwnBoundsAndIsWrittenAsItIsRead() {
        for setting in SettingTable.all {
            var configuration = ServerConfiguration()
            if case .list = setting.value { continue }
            #expect(setting.value.assign(setting.defaultText, to: &configuration) == nil, "\(setting.key)")
            #expect(configuration == ServerConfiguration(), "\(setting.key)")
        }
        #expect(Set(SettingTable.all.map(\.key)).count == SettingTable.all.count)
        #expect(Set(SettingTable.all.map(\.environmentName)).count == SettingTable.all.count)
    }

    @Test func flagsBeatTheEnvironmentWhichBeatsTheFile() throws {
        let file = try temporaryFile("port: 1001\nlimits:\n  max_streams: 11\n  max_channels: 12\n")
        defer { try? FileManager.default.removeItem(atPath: file) }
        let loaded = try ConfigurationLoader(
            file: file,
            environment: [
                "MILLSTREAM_PORT": "1002", "MILLSTREAM_LIMITS_MAX_STREAMS": "21",
                "MILLSTREAM_CORS_ORIGINS": "http://a, http://b",
                "HOME": "/", "MILLSTREAM_PROT": "3",
            ],
            flags: [ConfigurationFlag("--port", key: "port", "1003")]
        ).load()
        #expect(loaded.configuration.port == 1003)
        #expect(loaded.configuration.limits.maxStreams == 21)
        #expect(loaded.configuration.limits.maxChannels == 12)
        #expect(loaded.configuration.corsOrigins == ["http://a", "http://b"])
        #expect(loaded.sources["port"] == .flag(name: "--port"))
        #expect(loaded.sources["limits.max_streams"] == .environment(name: "MILLSTREAM_LIMITS_MAX_STREAMS"))
        #expect(loaded.sources["limits.max_channels"] == .file(path: file, line: 4))
        #expect(
            loaded.warnings.map(\.description) == [
                "environment MILLSTREAM_PROT: is no setting; did you mean MILLSTREAM_PORT?"
            ])
    }

    @Test func faultsOfAllSourcesAreToldTogether() throws {
        let file = try temporaryFile("port: x\n")
        defer { try? FileManager.default.removeItem(atPath: file) }
        let loader = ConfigurationLoader(
            file: file, environment: ["MILLSTREAM_DEMO": "2"], flags: [ConfigurationFlag("--set", key: "nothing", "1")])
        let failure = #expect(throws: ConfigurationFailure.self) { try loader.load() }
        #expect(
            failure?.problems.map(\.source) == [
                .file(path: file, line: 1), .environment(name: "MILLSTREAM_DEMO"), .flag(name: "--set"),
            ])
        #expect(ConfigurationFailure.exitStatus == 78)
    }

    @Test func fileThatIsNotThereIsAFault() {
        let loader = ConfigurationLoader(file: "/does/not/exist.yaml", environment: [:])
        let failure = #expect(throws: ConfigurationFailure.self) { try loader.load() }
        #expect(failure?.description == "/does/not/exist.yaml: No such file or directory")
    }

    @Test func addressThatOthersCanReachIsRefusedWhileThereAreNoTokens() {
        for host in ["0.0.0.0", "::", "192.0.2.1", "example.org"] {
            let loader = ConfigurationLoader(file: nil, environment: ["MILLSTREAM_HOST": host])
            let failure = #expect(throws: ConfigurationFailure.self) { try loader.load() }
            #expect(failure?.description.hasPrefix("environment MILLSTREAM_HOST: host: no access tokens") == true)
        }
        for host in ["127.0.0.1", "::1", "[::1]", "localhost", "unix:/tmp/m.sock"] {
            #expect(throws: Never.self) {
                try ConfigurationLoader(file: nil, environment: ["MILLSTREAM_HOST": host]).load()
            }
        }
    }

    @Test func pairsThatContradictEachOtherAreRefusedAndUnaskedHalvesFollow() throws {
        let follows = try ConfigurationLoader(file: nil, environment: ["MILLSTREAM_LIMITS_MAX_CONNECTIONS": "100"])
            .load()
        #expect(follows.configuration.limits.maxStreams == 100)
        let both = ConfigurationLoader(
            file: nil,
            environment: ["MILLSTREAM_LIMITS_MAX_CONNECTIONS": "100", "MILLSTREAM_LIMITS_MAX_STREAMS": "101"])
        let failure = #expect(throws: ConfigurationFailure.self) { try both.load() }
        #expect(failure?.problems.first?.key == "limits.max_streams")
    }

    @Test func shownConfigurationReadsBackAsItself() throws {
        let file = try temporaryFile(
            """
            data: "/var/lib/odd name # \\" x"
            cors_origins: ["http://a.example", "*"]
            streams: { max_age: 1d }
            kinds:
              no: { worker: { exec: ["/bin/sh", "-c", "echo \\"a\\"\\n", ""] }, timeout: 90s, retries: { attempts: 3 }, on_crash: retry }
              code: { worker: swift, concurrency: 2 }
            """)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let loaded = try ConfigurationLoader(file: file, environment: [:]).load()
        #expect(loaded.configuration.kinds.count == 2)
        let draft = read(loaded.yaml)
        #expect(draft.problems == [])
        var again = draft.configuration
        var before = loaded.configuration
        #expect(loaded.yaml.contains("max_age: 1d  # \(file):3"))
        // The directory of programs is that of the file, which is another here.
        again.kinds["no"]?.worker = .swift
        before.kinds["no"]?.worker = .swift
        #expect(again == before)
    }

    @Test func referenceFileIsWhatTheTableSays() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("Config/millstream.yaml"), encoding: .utf8)
        #expect(text == ConfigurationReference.yaml, "run: millstream config reference > Config/millstream.yaml")
        for setting in SettingTable.all {
            #expect(text.contains(setting.summary), "\(setting.key)")
            #expect(text.contains("(\(setting.value.expectation); default \(setting.defaultText);"), "\(setting.key)")
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 160 })
    }

    @Test func referenceFileUncommentedGivesTheDefaults() {
        let uncommented = ConfigurationReference.yaml.split(separator: "\n", omittingEmptySubsequences: false).map {
            line in
            let body = line.drop { $0 == " " }
            let isKey = body.hasPrefix("#") && body.dropFirst().prefix(1).allSatisfy { $0.isLowercase }
            return isKey ? line.replacing("#", with: "", maxReplacements: 1) : line
        }.joined(separator: "\n")
        let draft = read(uncommented)
        #expect(draft.problems == [])
        #expect(draft.sources.count == SettingTable.all.count + 1)
        var configuration = draft.configuration
        #expect(
            configuration.kinds["resize"]
                == JobKind(
                    name: "resize", worker: .exec(arguments: ["/etc/m/resize.sh", "--fast"], directory: "/etc/m")))
        configuration.kinds = [:]
        configuration.dataDirectory = ServerConfiguration().dataDirectory
        #expect(configuration == ServerConfiguration())
    }
}
