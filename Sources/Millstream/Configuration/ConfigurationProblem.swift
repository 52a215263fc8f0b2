// What is wrong with a configuration, and where it stands. Values.

/// Where a value came from.
public enum ConfigurationSource: Sendable, Hashable, CustomStringConvertible {
    case defaultValue
    case file(path: String, line: Int)
    case environment(name: String)
    case flag(name: String)
    /// The whole of it: two settings that do not go together.
    case combination

    /// As it stands in front of a message.
    public var description: String {
        switch self {
        case .defaultValue: "default"
        case .file(let path, let line): line > 0 ? "\(path):\(line)" : path
        case .environment(let name): "environment \(name)"
        case .flag(let name): name
        case .combination: "configuration"
        }
    }
}

/// One fault: `file:line: key: reason`.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
    public var source: ConfigurationSource
    /// The dotted key; empty when the fault is not about one.
    public var key: String
    public var reason: String

    public init(_ source: ConfigurationSource, _ key: String, _ reason: String) {
        self.source = source
        self.key = key
        self.reason = reason
    }

    public var description: String {
        key.isEmpty ? "\(source): \(reason)" : "\(source): \(key): \(reason)"
    }
}

/// Why there is no configuration: all faults that were found, in the order of their sources.
public struct ConfigurationFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// EX_CONFIG of sysexits.h.
    public static let exitStatus: Int32 = 78

    /// Not empty.
    public var problems: [ConfigurationProblem]

    public init(_ problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    /// One line for each.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
