// From text to a checked value and back.

extension SettingValue {
    /// Puts `text` in its place. Returns why not, or nil when it fits.
    /// - Parameter base: the directory that relative paths start from; nil leaves them as they are.
    func assign(_ text: String, to configuration: inout ServerConfiguration, base: String? = nil) -> String? {
        if mayBeOff, text == "off" {
            turnOff(in: &configuration)
            return nil
        }
        switch self {
        case .duration(let place, let range):
            return number(text, UnitText.milliseconds, range, hint: Self.unitHint) {
                configuration[keyPath: place] = $0
            }
        case .optionalDuration(let place, let range):
            return number(text, UnitText.milliseconds, range, hint: Self.unitHint) {
                configuration[keyPath: place] = $0
            }
        case .bytes(let place, let range):
            return number(text, UnitText.bytes, range) { configuration[keyPath: place] = $0 }
        case .optionalBytes(let place, let range):
            return number(text, UnitText.bytes, range) { configuration[keyPath: place] = $0 }
        case .count(let place, let range):
            return number(text, Self.integer, range) { configuration[keyPath: place] = $0 }
        case .optionalCount(let place, let range):
            return number(text, Self.integer, range) { configuration[keyPath: place] = $0 }
        case .flag(let place):
            guard let value = Self.truth(text) else { return mismatch(text) }
            configuration[keyPath: place] = value
        case .text(let place):
            if let reason = Self.refusal(of: text) { return reason }
            configuration[keyPath: place] = text
        case .path(let place):
            if let reason = Self.refusal(of: text) { return reason }
            configuration[keyPath: place] = FilePath.resolve(text, against: base)
        case .optionalPath(let place):
            if let reason = Self.refusal(of: text) { return reason }
            configuration[keyPath: place] = FilePath.resolve(text, against: base)
        case .list:
            let items = text.split(separator: ",").map { String($0.trimmingSpaces) }
            return assign(items, to: &configuration)
        case .choice(let words, _, let set):
            guard words.contains(text) else {
                return mismatch(text) + (NearMiss.of(text, in: words).map { "; did you mean \($0)?" } ?? "")
            }
            set(&configuration, text)
        }
        return nil
    }

    /// Puts the items of a list in their place. Returns why not, or nil.
    func assign(_ items: [String], to configuration: inout ServerConfiguration) -> String? {
        guard case .list(let place) = self else { return "must be \(expectation), not a list" }
        guard items.count <= 256 else { return "at most 256 items, not \(items.count)" }
        for item in items {
            if let reason = Self.refusal(of: item) { return reason }
        }
        configuration[keyPath: place] = items
        return nil
    }

    /// The value as it would stand in the file.
    func text(in configuration: ServerConfiguration) -> String {
        switch self {
        case .duration(let place, _): UnitText.duration(configuration[keyPath: place])
        case .optionalDuration(let place, _): configuration[keyPath: place].map(UnitText.duration) ?? "off"
        case .bytes(let place, _): UnitText.size(configuration[keyPath: place])
        case .optionalBytes(let place, _): configuration[keyPath: place].map(UnitText.size) ?? "off"
        case .count(let place, _): String(configuration[keyPath: place])
        case .optionalCount(let place, _): configuration[keyPath: place].map(String.init) ?? "off"
        case .flag(let place): String(configuration[keyPath: place])
        case .text(let place), .path(let place): configuration[keyPath: place]
        case .optionalPath(let place): configuration[keyPath: place] ?? "off"
        case .list(let place): "[" + configuration[keyPath: place].joined(separator: ", ") + "]"
        case .choice(_, let get, _): get(configuration)
        }
    }

    /// Takes the value of another configuration.
    func copy(from source: ServerConfiguration, to target: inout ServerConfiguration) {
        switch self {
        case .duration(let place, _), .bytes(let place, _), .count(let place, _):
            target[keyPath: place] = source[keyPath: place]
        case .optionalDuration(let place, _), .optionalBytes(let place, _), .optionalCount(let place, _):
            target[keyPath: place] = source[keyPath: place]
        case .flag(let place): target[keyPath: place] = source[keyPath: place]
        case .text(let place), .path(let place): target[keyPath: place] = source[keyPath: place]
        case .optionalPath(let place): target[keyPath: place] = source[keyPath: place]
        case .list(let place): target[keyPath: place] = source[keyPath: place]
        case .choice(_, let get, let set): set(&target, get(source))
        }
    }

    // MARK: Parts

    private func turnOff(in configuration: inout ServerConfiguration) {
        switch self {
        case .optionalDuration(let place, _), .optionalBytes(let place, _), .optionalCount(let place, _):
            configuration[keyPath: place] = nil
        case .optionalPath(let place): configuration[keyPath: place] = nil
        default: break
        }
    }

    private static let unitHint = " (a number with ms, s, m, h or d)"

    private func number(
        _ text: String, _ parse: (String) -> Int?, _ range: ClosedRange<Int>, hint: String = "", _ put: (Int) -> Void
    ) -> String? {
        guard let value = parse(text) else { return mismatch(text) + hint }
        guard range.contains(value) else { return mismatch(text) }
        put(value)
        return nil
    }

    private func mismatch(_ text: String) -> String { "must be \(expectation), not \(Self.quoted(text))" }

    private static func quoted(_ text: String) -> String {
        text.count <= 80 ? "'\(text)'" : "'\(text.prefix(80))…'"
    }

    /// Digits with optional sign; underscores may group them, as in YAML 1.1 and Swift.
    private static func integer(_ text: String) -> Int? {
        Int(text.first == "_" || text.last == "_" ? text : text.replacing("_", with: ""))
    }

    private static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }

    private static func refusal(of text: String) -> String? {
        if text.isEmpty { return "must not be empty" }
        if text.utf8.contains(0) { return "must not contain NUL" }
        return text.utf8.count <= 4096 ? nil : "must not be longer than 4096 bytes"
    }
}
