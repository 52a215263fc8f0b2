// A second implementation of the text format, for the tests: it reads, and refuses what Prometheus would.

import Testing

/// A parsed exposition.
struct Exposition {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    private(set) var types: [String: String] = [:]
    private(set) var help: [String: String] = [:]
    private(set) var samples: [Sample] = []

    init(_ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Fault(description: "not UTF-8") }
        guard text.isEmpty || text.hasSuffix("\n") else { throw Fault(description: "no line feed at the end") }
        var family = ""
        var finished: Set<String> = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# ") {
                let parts = line.split(separator: " ", maxSplits: 3).map(String.init)
                guard parts.count == 4 else { throw Fault(description: "odd comment: \(line)") }
                if parts[1] == "HELP" {
                    help[parts[2]] = parts[3]
                    continue
                }
                guard parts[1] == "TYPE", types[parts[2]] == nil, ["counter", "gauge", "histogram"].contains(parts[3])
                else { throw Fault(description: "odd or repeated type: \(line)") }
                if !family.isEmpty { finished.insert(family) }
                family = parts[2]
                types[family] = parts[3]
                continue
            }
            let sample = try Self.sample(line)
            let owner = types[family] == "histogram" ? Self.base(sample.name) : sample.name
            guard owner == family, !finished.contains(owner) else {
                throw Fault(description: "\(sample.name) stands outside its family, in \(family)")
            }
            guard !samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) else {
                throw Fault(description: "twice: \(line)")
            }
            samples.append(sample)
        }
        try checkHistograms()
    }

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private static func base(_ name: String) -> String {
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            return String(name.dropLast(suffix.count))
        }
        return name
    }

    private static func sample(_ line: Substring) throws -> Sample {
        let name = line.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        guard let first = name.first, !first.isNumber else { throw Fault(description: "odd name: \(line)") }
        var rest = line.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                guard !label.isEmpty, rest.dropFirst(label.count).hasPrefix("=\"") else {
                    throw Fault(description: "odd label: \(line)")
                }
                rest = rest.dropFirst(label.count + 2)
                var value = ""
                while let next = rest.first, next != "\"" {
                    rest = rest.dropFirst()
                    if next == "\\" {
                        guard let escape = rest.first, let plain = ["\\": "\\", "\"": "\"", "n": "\n"][escape] else {
                            throw Fault(description: "odd escape: \(line)")
                        }
                        value += plain
                        rest = rest.dropFirst()
                    } else {
                        value.append(next)
                    }
                }
                guard rest.first == "\"", labels.updateValue(value, forKey: String(label)) == nil else {
                    throw Fault(description: "open or repeated label: \(line)")
                }
                rest = rest.dropFirst()
                if rest.first == "," { rest = rest.dropFirst() }
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " " else { throw Fault(description: "no value: \(line)") }
        let text = rest.dropFirst()
        let special = ["+Inf": Double.infinity, "-Inf": -Double.infinity, "NaN": Double.nan][String(text)]
        guard let value = special ?? Double(text) else { throw Fault(description: "odd value: \(line)") }
        return Sample(name: String(name), labels: labels, value: value)
    }

    private func checkHistograms() throws {
        for (name, type) in types where type == "histogram" {
            for count in samples where count.name == name + "_count" {
                let buckets = samples.filter { sample in
                    sample.name == name + "_bucket" && sample.labels.filter { $0.key != "le" } == count.labels
                }
                let values = buckets.map(\.value)
                guard values == values.sorted(), buckets.last?.labels["le"] == "+Inf", values.last == count.value,
                    value(name + "_sum", count.labels) != nil
                else { throw Fault(description: "histogram \(name) does not add up") }
            }
        }
    }
}
