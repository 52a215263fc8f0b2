// A configuration as YAML, with the origin of each value: what `millstream config show` prints. Pure.

import MillstreamJobs

extension LoadedConfiguration {
    /// Every setting with its value, and behind it where the value came from. Valid as a configuration file.
    public var yaml: String {
        var lines: [String] = []
        var section = ""
        for setting in SettingTable.all {
            let parts = setting.key.split(separator: ".").map(String.init)
            if parts.count > 1, parts[0] != section {
                section = parts[0]
                lines.append("\(section):")
            }
            let indent = parts.count > 1 ? "  " : ""
            let line = "\(indent)\(parts[parts.count - 1]): \(Self.scalar(setting, in: configuration))"
            lines.append(line + (sources[setting.key].map { "  # \($0)" } ?? ""))
        }
        if !configuration.kinds.isEmpty { lines.append("kinds:") }
        for kind in configuration.kinds.values.sorted(by: { $0.name < $1.name }) {
            lines += Self.lines(of: kind, source: sources["kinds.\(kind.name)"])
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func scalar(_ setting: Setting, in configuration: ServerConfiguration) -> String {
        switch setting.value {
        case .list(let place): "[" + configuration[keyPath: place].map(quoted).joined(separator: ", ") + "]"
        case .text, .path: quoted(setting.text(in: configuration))
        case .optionalPath(let place): configuration[keyPath: place].map(quoted) ?? "off"
        default: setting.text(in: configuration)
        }
    }

    private static func lines(of kind: JobKind, source: ConfigurationSource?) -> [String] {
        let worker =
            switch kind.worker {
            case .exec(let arguments, _): "{ exec: [" + arguments.map(quoted).joined(separator: ", ") + "] }"
            case .swift: "swift"
            }
        let retries = kind.retries
        return [
            "  \(quoted(kind.name)):" + (source.map { "  # \($0)" } ?? ""),
            "    worker: \(worker)",
            "    concurrency: \(kind.concurrency)",
            "    timeout: \(kind.timeoutMs.map { UnitText.duration(Int($0)) } ?? "off")",
            "    retries: { attempts: \(retries.attempts), backoff: \(UnitText.duration(Int(retries.backoffMs))), "
                + "max_backoff: \(UnitText.duration(Int(retries.maxBackoffMs))) }",
            "    on_crash: \(kind.onCrash.rawValue)",
            "    crash_attempts: \(kind.crashAttempts)",
            "    cancel_grace: \(UnitText.duration(Int(kind.cancelGraceMs)))",
        ]
    }

    /// Plain where that is unmistakable, else in double quotes (YAML 1.2, section 7.3.1).
    private static func quoted(_ text: String) -> String {
        let isPlain =
            text.utf8.first.map {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".")
            } ?? false
        let isSafe = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        if isPlain, isSafe, !["off", "on", "no", "yes", "true", "false", "null"].contains(text) { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                result += "\\x" + (hex.count < 2 ? "0" + hex : hex)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
