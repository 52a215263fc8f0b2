// Measurements as text for people. Pure functions.

import Foundation

extension Double {
    /// At most three digits behind the point, and no more than are needed.
    var short: String {
        guard self != rounded() else { return String(Int64(self)) }
        var text = String(format: "%.3f", self)
        while text.last == "0" { text.removeLast() }
        return text
    }
}

public enum Table {
    /// One line for each benchmark, its counts per operation.
    public static func text(_ measurements: [MeasuredCost]) -> String {
        var rows = [
            ["benchmark", "per", "operations", "allocations", "bytes", "held", "to kernel", "ns", "system calls"]
        ]
        for measurement in measurements {
            rows.append([
                measurement.name, measurement.unit, String(measurement.operations),
                measurement.cost.allocations.short, measurement.cost.allocatedBytes.short,
                measurement.cost.heldBytes?.short ?? "", measurement.cost.kernelBytes.short,
                String(format: "%.0f", measurement.nanoseconds), calls(measurement.cost),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let gap = String(repeating: " ", count: widths[column] - row[column].count)
                return column > 1 && column < row.count - 1 ? gap + row[column] : row[column] + gap
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    private static func calls(_ cost: Cost) -> String {
        cost.calls.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.short)" }.joined(separator: ", ")
    }
}
