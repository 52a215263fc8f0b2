// The members of one mapping below `kinds`, by name and type. A value that lives while the mapping is read.

/// Reads members of known names and types, and reports all that is wrong with them.
struct MemberReader {
    let file: ConfigurationFile
    /// The dotted key of the mapping.
    let key: String
    let allowed: [String]
    var problems: [ConfigurationProblem] = []

    init(file: ConfigurationFile, key: String, allowed: [String]) {
        self.file = file
        self.key = key
        self.allowed = allowed
    }

    /// The members by name; unknown ones are reported. Nil when the node is no mapping.
    mutating func fields(of node: YAMLNode, at place: YAMLNode) -> [String: YAMLNode]? {
        guard case .mapping(let mapping) = node.content else {
            report(place, "", "must hold \(allowed.joined(separator: ", ")), not \(node.typeWord)")
            return nil
        }
        var fields: [String: YAMLNode] = [:]
        for (nameNode, value) in mapping {
            let name = nameNode.plainText ?? ""
            guard allowed.contains(name) else {
                let hint = NearMiss.of(name, in: allowed) ?? ""
                report(
                    nameNode, name,
                    "is no member of it; "
                        + (hint.isEmpty ? "there are " + allowed.joined(separator: ", ") : "did you mean \(hint)?"))
                continue
            }
            fields[name] = value
        }
        return fields
    }

    mutating func count(_ fields: [String: YAMLNode], _ name: String, _ range: ClosedRange<Int>) -> Int? {
        value(fields, name, "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func duration(_ fields: [String: YAMLNode], _ name: String, _ range: ClosedRange<Int>) -> Int? {
        let words = "a duration from \(UnitText.duration(range.lowerBound)) to \(UnitText.duration(range.upperBound))"
        return value(fields, name, words) { UnitText.milliseconds($0).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// `.some(nil)` for `off`.
    mutating func optionalDuration(_ fields: [String: YAMLNode], _ name: String, _ range: ClosedRange<Int>) -> Int?? {
        if fields[name]?.plainText == "off" || fields[name]?.isEmptyScalar == true { return .some(nil) }
        return duration(fields, name, range).map { .some($0) }
    }

    mutating func word(_ fields: [String: YAMLNode], _ name: String, _ words: [String]) -> String? {
        value(fields, name, words.joined(separator: " or ")) { words.contains($0) ? $0 : nil }
    }

    mutating func report(_ node: YAMLNode, _ name: String, _ reason: String) {
        problems.append(.init(file.source(node), name.isEmpty ? key : "\(key).\(name)", reason))
    }

    private mutating func value<Value>(
        _ fields: [String: YAMLNode], _ name: String, _ expectation: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let node = fields[name] else { return nil }
        if let value = node.plainText.flatMap(parse) { return value }
        report(node, name, "must be \(expectation), not \(node.typeWord)")
        return nil
    }
}
