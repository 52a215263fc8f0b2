// The committed limits: one JSON file for each benchmark, so that a change of one shows as a change of one file. Reads and writes
// them and knows nothing of what they mean.

import Foundation

/// The limits of a directory, by the benchmark's name.
public struct Limits: Sendable {
    public private(set) var costs: [String: Cost]

    public init(_ costs: [String: Cost] = [:]) {
        self.costs = costs
    }

    /// Reads all `*.json` of a directory.
    public init(directory: URL) throws {
        costs = [:]
        for file in try Self.files(of: directory) {
            let decoded = try JSONDecoder().decode(Cost.self, from: Data(contentsOf: file))
            costs[file.deletingPathExtension().lastPathComponent] = decoded
        }
    }

    /// Swift's arrays take the room that malloc's block really has, and that differs by some bytes from run to run: what is
    /// allowed more of allocated bytes in any case.
    public static let byteTolerance = 0.01

    /// What was measured, with its tolerance, as limits.
    public init(_ measurements: [MeasuredCost]) {
        costs = [:]
        for measurement in measurements {
            var cost = measurement.cost.scaled(by: 1 + measurement.tolerance.share)
            if measurement.tolerance.share < Self.byteTolerance {
                cost.allocatedBytes = measurement.cost.scaled(by: 1 + Self.byteTolerance).allocatedBytes
            }
            costs[measurement.name] = cost
        }
    }

    /// Writes one file for each benchmark.
    /// - Parameter keepsOthers: false removes files of benchmarks that are not among these.
    public func write(to directory: URL, keepsOthers: Bool) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        for (name, cost) in costs {
            var text = try encoder.encode(cost)
            text.append(UInt8(ascii: "\n"))
            try text.write(to: directory.appendingPathComponent("\(name).json"))
        }
        guard !keepsOthers else { return }
        for file in try Self.files(of: directory) where costs[file.deletingPathExtension().lastPathComponent] == nil {
            try FileManager.default.removeItem(at: file)
        }
    }

    private static func files(of directory: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
    }
}
