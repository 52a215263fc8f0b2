/// Reads the members of a scenario's object and refuses what it does not know: a misspelt member would otherwise measure something
/// else than its author thinks.
struct StrictMembers<Key: CodingKey & CaseIterable & RawRepresentable> where Key.RawValue == String {
    private let container: KeyedDecodingContainer<Key>
    private let path: String

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(_ decoder: any Decoder, _ keys: Key.Type) throws {
        path = Self.text(decoder.codingPath)
        let known = Key.allCases.map(\.rawValue)
        let all: KeyedDecodingContainer<AnyKey>
        do {
            all = try decoder.container(keyedBy: AnyKey.self)
        } catch {
            throw ScenarioError(member: path, reason: "must be an object")
        }
        for key in all.allKeys where !known.contains(key.stringValue) {
            throw ScenarioError(
                member: Self.join(path, key.stringValue),
                reason: "is not known; known here: \(known.sorted().joined(separator: ", "))")
        }
        container = try decoder.container(keyedBy: keys)
    }

    /// The one member of an object that stands for an enum.
    func only() throws -> Key {
        guard container.allKeys.count == 1 else {
            let known = Key.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw ScenarioError(member: path, reason: "must have exactly one member out of \(known)")
        }
        return container.allKeys[0]
    }

    func required<Value: Decodable>(_ key: Key) throws -> Value {
        guard container.contains(key) else { throw fault(key, "is missing") }
        return try decode(key)
    }

    func required<Value: Decodable & Comparable>(_ key: Key, in bounds: ClosedRange<Value>) throws -> Value {
        try check(key, try required(key), bounds)
    }

    func optional<Value: Decodable>(_ key: Key, default value: Value) throws -> Value {
        container.contains(key) ? try decode(key) : value
    }

    func optional<Value: Decodable & Comparable>(
        _ key: Key, default value: Value, in bounds: ClosedRange<Value>
    ) throws -> Value {
        try check(key, try optional(key, default: value), bounds)
    }

    func fault(_ key: Key, _ reason: String) -> ScenarioError {
        ScenarioError(member: Self.join(path, key.rawValue), reason: reason)
    }

    private func decode<Value: Decodable>(_ key: Key) throws -> Value {
        do {
            return try container.decode(Value.self, forKey: key)
        } catch let error as ScenarioError {
            throw error
        } catch {
            throw fault(key, "must be of type \(Value.self)")
        }
    }

    private func check<Value: Comparable>(_ key: Key, _ value: Value, _ bounds: ClosedRange<Value>) throws -> Value {
        guard bounds.contains(value) else {
            throw fault(key, "is \(value), outside \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return value
    }

    private static func text(_ path: [any CodingKey]) -> String {
        path.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return join(text, key.stringValue)
        }
    }

    private static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }
}

/// What is wrong with a scenario file, and where in it.
public struct ScenarioError: Error, CustomStringConvertible, Equatable {
    /// `phases[0].do[1].publish.rate`; empty for the whole file.
    public var member: String
    public var reason: String

    public var description: String {
        member.isEmpty ? "the scenario \(reason)" : "\(member) \(reason)"
    }
}
