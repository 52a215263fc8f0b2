// What a benchmark cost per operation. A plain value, rounded to the digits in which limits are kept, so that a limit taken from a
// measurement is met by the same measurement.

/// The cost of one operation.
public struct MeasuredCost: Hashable, Sendable {
    public let name: String
    public let unit: String
    public let operations: Int
    public let tolerance: Tolerance
    public let cost: Cost
    /// Of the fastest round; told, never judged.
    public let nanoseconds: Double
    /// Whether all counted rounds cost the same.
    public let isSteady: Bool

    init(of benchmark: Benchmark, _ rounds: [(counts: Counts, nanoseconds: UInt64)]) {
        name = benchmark.name
        unit = benchmark.unit
        operations = benchmark.operations
        tolerance = benchmark.tolerance
        cost = Cost(rounds.map(\.counts), operations: benchmark.operations)
        nanoseconds = Double(rounds.map(\.nanoseconds).min() ?? 0) / Double(benchmark.operations)
        isSteady = Set(rounds.map(\.counts)).count == 1
    }

    public init(name: String, unit: String, operations: Int, tolerance: Tolerance = .none, cost: Cost) {
        self.name = name
        self.unit = unit
        self.operations = operations
        self.tolerance = tolerance
        self.cost = cost
        nanoseconds = 0
        isSteady = true
    }
}

/// Allocations, bytes and calls of one operation, to three digits behind the point.
public struct Cost: Hashable, Sendable, Codable {
    public var allocations: Double
    public var allocatedBytes: Double
    /// What write, send and their kind took.
    public var kernelBytes: Double
    /// What is held for as long as the operation lasts; nil where that is not looked at.
    public var heldBytes: Double?
    /// By name; calls that were not made are not there.
    public var calls: [String: Double]

    private enum CodingKeys: String, CodingKey {
        case allocations, calls
        case allocatedBytes = "allocated_bytes"
        case kernelBytes = "kernel_bytes"
        case heldBytes = "held_bytes"
    }

    public init(
        allocations: Double = 0, allocatedBytes: Double = 0, kernelBytes: Double = 0, heldBytes: Double? = nil,
        calls: [String: Double] = [:]
    ) {
        self.allocations = allocations
        self.allocatedBytes = allocatedBytes
        self.kernelBytes = kernelBytes
        self.heldBytes = heldBytes
        self.calls = calls
    }

    /// The middle of the rounds, each count by itself.
    init(_ rounds: [Counts], operations: Int) {
        func middle(_ count: (Counts) -> UInt64) -> Double {
            let sorted = rounds.map(count).sorted()
            return Self.rounded(Double(sorted.isEmpty ? 0 : sorted[sorted.count / 2]) / Double(operations))
        }
        allocations = middle(\.allocations)
        allocatedBytes = middle(\.allocatedBytes)
        kernelBytes = middle(\.kernelBytes)
        let held = middle(\.heldBytes)
        heldBytes = held > 0 ? held : nil
        calls = [:]
        for name in Set(rounds.flatMap(\.calls.keys)) {
            let count = middle { $0.calls[name] ?? 0 }
            if count > 0 { calls[name] = count }
        }
    }

    /// Every count under the name by which limits and verdicts call it.
    var named: [(name: String, count: Double)] {
        [("allocations", allocations), ("allocated bytes", allocatedBytes), ("bytes to the kernel", kernelBytes)]
            + (heldBytes.map { [("held bytes", $0)] } ?? [])
            + calls.sorted { $0.key < $1.key }.map { (Self.callPrefix + $0.key, $0.value) }
    }

    /// What the names of system calls begin with in `named`.
    static let callPrefix = "calls of "

    func count(_ name: String) -> Double { named.first { $0.name == name }?.count ?? 0 }

    /// The same with each count multiplied.
    func scaled(by factor: Double) -> Cost {
        Cost(
            allocations: Self.rounded(allocations * factor), allocatedBytes: Self.rounded(allocatedBytes * factor),
            kernelBytes: Self.rounded(kernelBytes * factor), heldBytes: heldBytes.map { Self.rounded($0 * factor) },
            calls: calls.mapValues { Self.rounded($0 * factor) })
    }

    private static func rounded(_ count: Double) -> Double { (count * 1_000).rounded() / 1_000 }
}
