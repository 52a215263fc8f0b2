// Names and labels as Prometheus takes them. Pure.

enum MetricName {
    /// Label values are cut here: they come from kinds and reasons, not from requests, and should be short.
    static let maxLabelValueBytes = 256
    static let maxLabels = 16

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`; every other character becomes `_`.
    static func sanitized(_ name: String) -> String { sanitized(name, colonAllowed: true) }

    /// `a="1",b="2"` in the order of names, so that the order of dimensions makes no new series. The first of equal
    /// names wins.
    static func labels(_ dimensions: [(String, String)]) -> String {
        var byName: [String: String] = [:]
        for (name, value) in dimensions {
            let name = labelName(name)
            if byName[name] == nil, byName.count < maxLabels { byName[name] = value }
        }
        return byName.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    /// `le` belongs to histograms, and names that begin with two underscores to Prometheus itself.
    private static func labelName(_ name: String) -> String {
        let name = sanitized(name, colonAllowed: false)
        if name == "le" { return "le_" }
        return name.hasPrefix("__") ? "x" + name : name
    }

    private static func sanitized(_ name: String, colonAllowed: Bool) -> String {
        var bytes: [UInt8] = []
        // A character outside ASCII is several bytes and becomes one underscore.
        for scalar in name.unicodeScalars {
            let byte = scalar.isASCII ? UInt8(scalar.value) : UInt8(ascii: "_")
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                bytes.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            case UInt8(ascii: ":") where colonAllowed: bytes.append(byte)
            default: bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            guard result.utf8.count < maxLabelValueBytes else { return result + "…" }
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
