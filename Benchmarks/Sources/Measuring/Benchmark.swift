// One thing that is measured, and how: some rounds that nobody looks at, then some that count. Rounds are the same work on the same
// data, so that what they count is the same on every machine and in every run. Nothing here knows what is measured.

/// A piece of work with a fixed number of operations.
public struct Benchmark: Sendable {
    /// `[a-z0-9-]`; also the name of the file of its limits.
    public let name: String
    /// What one operation is: `event`, `stream`.
    public let unit: String
    /// How many operations one round does.
    public let operations: Int
    public let tolerance: Tolerance
    /// Sets everything up and returns one round. Rounds come one after the other on the same thread.
    let prepare: @Sendable () throws -> (Meter) throws -> Void

    public init(
        _ name: String, per unit: String, operations: Int, tolerance: Tolerance = .none,
        prepare: @escaping @Sendable () throws -> (Meter) throws -> Void
    ) {
        precondition(operations > 0, "a round does something")
        self.name = name
        self.unit = unit
        self.operations = operations
        self.tolerance = tolerance
        self.prepare = prepare
    }

    /// Rounds before the counted ones: tables grow to their size, statements are prepared, the first wake-up is over.
    public static let warmUpRounds = 2
    /// Rounds that are counted. The middle one of each count is taken: an array that doubles in one of them is not what an
    /// operation costs.
    public static let countedRounds = 5

    /// Does the work and tells what it cost.
    public func run() throws -> MeasuredCost {
        let round = try prepare()
        let meter = Meter()
        for _ in 0..<Self.warmUpRounds { try round(meter) }
        var rounds: [(counts: Counts, nanoseconds: UInt64)] = []
        rounds.reserveCapacity(Self.countedRounds)
        for _ in 0..<Self.countedRounds {
            meter.reset()
            try round(meter)
            rounds.append((meter.read(), meter.nanoseconds))
        }
        return MeasuredCost(of: self, rounds)
    }
}

/// How much more than was measured the limits of a benchmark allow, and why.
public struct Tolerance: Hashable, Sendable {
    /// 0.1 for a tenth.
    public let share: Double
    public let reason: String

    public static let none = Tolerance(share: 0, because: "")

    public init(share: Double, because reason: String) {
        self.share = share
        self.reason = reason
    }
}
