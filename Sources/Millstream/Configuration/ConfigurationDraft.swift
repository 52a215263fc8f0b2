// A configuration while it is put together. A value of the loader.

/// What was read so far, where from, and what was wrong with it.
struct ConfigurationDraft {
    var configuration = ServerConfiguration()
    var sources: [String: ConfigurationSource] = [:]
    var problems: [ConfigurationProblem] = []
    var warnings: [ConfigurationProblem] = []

    /// Takes one value as text.
    mutating func set(_ key: String, _ text: String, from source: ConfigurationSource, base: String? = nil) {
        guard let setting = SettingTable.setting(key) else { return reportUnknown(key, from: source) }
        if let reason = setting.value.assign(text, to: &configuration, base: base) {
            problems.append(.init(source, key, reason))
        } else {
            sources[key] = source
        }
    }

    /// Takes one list.
    mutating func set(_ key: String, items: [String], from source: ConfigurationSource) {
        guard let setting = SettingTable.setting(key) else { return reportUnknown(key, from: source) }
        if let reason = setting.value.assign(items, to: &configuration) {
            problems.append(.init(source, key, reason))
        } else {
            sources[key] = source
        }
    }

    mutating func reportUnknown(_ key: String, from source: ConfigurationSource) {
        problems.append(.init(source, key, "is no setting" + Self.suggestion(for: key)))
    }

    /// A fault of a value that was taken already.
    mutating func report(_ key: String, _ reason: String) {
        problems.append(.init(sources[key] ?? .combination, key, reason))
    }

    /// Near misses of the whole key, and keys whose last part it is: `max_body_bytes` is asked for without its section.
    private static func suggestion(for key: String) -> String {
        let last = key.split(separator: ".").last.map(String.init) ?? key
        let elsewhere = SettingTable.all.first {
            $0.key != key && $0.key.split(separator: ".").last.map(String.init) == last
        }
        let near =
            elsewhere?.key ?? NearMiss.of(key, in: SettingTable.all.map(\.key) + SettingTable.sections + ["kinds"])
        return near.map { "; did you mean \($0)?" } ?? ""
    }
}
