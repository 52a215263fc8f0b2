// One setting: its names, its type with bounds, its place in ServerConfiguration. A value. All readers of configuration
// and its documentation go through this, so that no key can be known to one of them only.

/// A setting as the configuration file, the environment and the flags know it.
public struct Setting: Sendable {
    /// Dotted, as in the file: `limits.max_body_bytes`.
    public let key: String
    public let value: SettingValue
    /// Whether SIGHUP may change it while the server runs.
    public let isReloadable: Bool
    /// One sentence: what it means.
    public let summary: String

    init(_ key: String, _ value: SettingValue, reload: Bool = false, _ summary: String) {
        self.key = key
        self.value = value
        self.isReloadable = reload
        self.summary = summary
    }

    /// `MILLSTREAM_LIMITS_MAX_BODY_BYTES`.
    public var environmentName: String {
        "MILLSTREAM_" + key.uppercased().replacing(".", with: "_")
    }

    /// The value as it would stand in the file.
    public func text(in configuration: ServerConfiguration) -> String { value.text(in: configuration) }

    /// What it is without a word from anybody.
    public var defaultText: String { text(in: ServerConfiguration()) }
}
