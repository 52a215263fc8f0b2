// What SIGHUP may do: compares two configurations by the table. Pure.

/// The difference between a running server's configuration and a new one.
public struct ConfigurationChanges: Sendable, Hashable {
    /// One setting or kind that differs.
    public struct Change: Sendable, Hashable, CustomStringConvertible {
        public var key: String
        public var before: String
        public var after: String

        public var description: String { "\(key): \(before) → \(after)" }
    }

    /// Changes that a running server takes.
    public var reloadable: [Change] = []
    /// Changes that wait for the next start.
    public var needingRestart: [Change] = []

    public var isEmpty: Bool { reloadable.isEmpty && needingRestart.isEmpty }

    public init(from old: ServerConfiguration, to new: ServerConfiguration) {
        for setting in SettingTable.all {
            let change = Change(key: setting.key, before: setting.text(in: old), after: setting.text(in: new))
            guard change.before != change.after else { continue }
            if setting.isReloadable { reloadable.append(change) } else { needingRestart.append(change) }
        }
        for name in Set(old.kinds.keys).union(new.kinds.keys).sorted() where old.kinds[name] != new.kinds[name] {
            let (before, after) = (old.kinds[name], new.kinds[name])
            reloadable.append(
                Change(
                    key: "kinds.\(name)", before: before == nil ? "not declared" : "declared",
                    after: after == nil ? "removed" : before == nil ? "declared" : "changed"))
        }
    }
}

extension ServerConfiguration {
    /// This configuration with those values of `new` that a running server can take, kinds included.
    public func adoptingReloadable(of new: ServerConfiguration) -> ServerConfiguration {
        var adopted = self
        for setting in SettingTable.all where setting.isReloadable {
            setting.value.copy(from: new, to: &adopted)
        }
        adopted.kinds = new.kinds
        return adopted
    }
}
