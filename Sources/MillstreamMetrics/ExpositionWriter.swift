// Writes the Prometheus text format 0.0.4. A value.

/// Collects the lines of an exposition.
struct ExpositionWriter {
    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(16_384)
    }

    /// `# HELP` (when there is one) and `# TYPE`.
    mutating func header(_ name: String, _ type: MetricType, help: String?) {
        if let help {
            append("# HELP \(name) ")
            for byte in help.utf8 {
                switch byte {
                case UInt8(ascii: "\\"): append("\\\\")
                case UInt8(ascii: "\n"): append("\\n")
                default: bytes.append(byte)
                }
            }
            append("\n")
        }
        append("# TYPE \(name) \(type.rawValue)\n")
    }

    mutating func line(_ name: String, _ labels: String, _ value: Int64) {
        line(name, labels, String(value))
    }

    mutating func line(_ name: String, _ labels: String, _ value: Double) {
        line(name, labels, Self.number(value))
    }

    private mutating func line(_ name: String, _ labels: String, _ value: String) {
        append(name)
        if !labels.isEmpty {
            append("{")
            append(labels)
            append("}")
        }
        append(" ")
        append(value)
        append("\n")
    }

    /// As Go's ParseFloat reads it, whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 9_007_199_254_740_992 { return String(Int64(value)) }
        return "\(value)"
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }
}
