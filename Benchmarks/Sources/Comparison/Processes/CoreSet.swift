import CComparison

// On which cores a process may run. A child inherits the mask of the thread that starts it, so the runner puts the mask on before the
// start and takes it off after it; no `taskset` stands between, whose own start would count as the server's.

package struct CoreSet: Sendable, Equatable, Codable, CustomStringConvertible {
    /// From 0 to 63, ascending.
    package let cores: [Int]

    package init(_ cores: [Int]) {
        self.cores = Array(Set(cores)).sorted().filter { (0..<64).contains($0) }
    }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([Int].self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(cores)
    }

    /// As `taskset -c` takes it.
    package var description: String { cores.map(String.init).joined(separator: ",") }

    /// Runs `body` with this thread, and so the children that it starts, on these cores.
    func whileHere<Result>(_ body: () throws -> Result) throws -> Result {
        let before = try Self.current()
        try apply()
        // The mask was in force a moment ago: it can be put back.
        defer { try? before.apply() }
        return try body()
    }

    /// Of the calling thread.
    package static func current() throws -> CoreSet {
        var mask: UInt64 = 0
        let result = comparison_cores(&mask)
        guard result == 0 else { throw RunnerError("cannot read the cores of this process: \(errorText(result))") }
        return CoreSet((0..<64).filter { mask & (1 << UInt64($0)) != 0 })
    }

    /// Puts the calling thread on these cores.
    package func apply() throws {
        let result = comparison_run_on(cores.reduce(0) { $0 | 1 << UInt64($1) })
        guard result == 0 else { throw RunnerError("cannot run on core \(self): \(errorText(result))") }
    }
}
