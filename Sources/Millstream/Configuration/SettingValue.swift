// The types that a setting may have. Each case knows the place in ServerConfiguration and the bounds; reading and
// writing text is here, so that file, environment and flags refuse the same values with the same words.

/// Type, bounds and place of a setting.
public enum SettingValue: Sendable {
    public typealias Place<Value> = WritableKeyPath<ServerConfiguration, Value> & Sendable

    /// Milliseconds, written as `500ms`, `30s`, `10m`, `2h`, `7d`.
    case duration(Place<Int>, ClosedRange<Int>)
    /// The same, or `off`.
    case optionalDuration(Place<Int?>, ClosedRange<Int>)
    /// Bytes, written as `64KiB`, `1MiB`, `10MB` or a bare number.
    case bytes(Place<Int>, ClosedRange<Int>)
    case optionalBytes(Place<Int?>, ClosedRange<Int>)
    case count(Place<Int>, ClosedRange<Int>)
    case optionalCount(Place<Int?>, ClosedRange<Int>)
    case flag(Place<Bool>)
    case text(Place<String>)
    /// A path; in the file it is relative to the file's directory, elsewhere to the working directory.
    case path(Place<String>)
    case optionalPath(Place<String?>)
    /// Texts: a sequence in the file, separated by commas elsewhere.
    case list(Place<[String]>)
    case choice(
        [String], get: @Sendable (ServerConfiguration) -> String,
        set: @Sendable (inout ServerConfiguration, String) -> Void)

    static func choice<Value>(_ place: Place<Value>) -> SettingValue
    where Value: RawRepresentable<String> & CaseIterable & SendableMetatype {
        .choice(
            Value.allCases.map(\.rawValue), get: { $0[keyPath: place].rawValue },
            set: { configuration, text in
                if let value = Value(rawValue: text) { configuration[keyPath: place] = value }
            })
    }

    /// The words for what is expected, bounds included: `a duration from 1s to 25s`.
    public var expectation: String {
        switch self {
        case .duration(_, let range): "a duration from \(Self.words(range, UnitText.duration))"
        case .optionalDuration(_, let range): "a duration from \(Self.words(range, UnitText.duration)), or off"
        case .bytes(_, let range): "a size from \(Self.words(range, UnitText.size))"
        case .optionalBytes(_, let range): "a size from \(Self.words(range, UnitText.size)), or off"
        case .count(_, let range): "a whole number from \(Self.words(range, String.init))"
        case .optionalCount(_, let range): "a whole number from \(Self.words(range, String.init)), or off"
        case .flag: "true or false"
        case .text: "a text"
        case .path: "a path"
        case .optionalPath: "a path, or off"
        case .list: "a list of texts"
        case .choice(let words, _, _): "one of " + words.joined(separator: ", ")
        }
    }

    private static func words(_ range: ClosedRange<Int>, _ text: (Int) -> String) -> String {
        "\(text(range.lowerBound)) to \(text(range.upperBound))"
    }

    /// Whether `off` (or an empty value in the file) means something.
    public var mayBeOff: Bool {
        switch self {
        case .optionalDuration, .optionalBytes, .optionalCount, .optionalPath: true
        default: false
        }
    }

    /// Whether the setting takes several values.
    public var isList: Bool {
        if case .list = self { true } else { false }
    }
}
