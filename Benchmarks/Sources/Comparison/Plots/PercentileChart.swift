// Latencies: one row for each server and load, a mark for each percentile on a logarithmic axis. Pure.

package struct PercentileChart: Sendable {
    package struct Row: Sendable {
        package var label: String
        /// ms; medians of the rounds.
        package var p50: Double
        package var p99: Double
        package var max: Double
        package var kind: SeriesKind
    }

    package var title: String
    package var subtitle: String
    package var rows: [Row]

    private static let width = 760.0
    private static let top = 84.0
    private static let pitch = 28.0

    package var drawing: Drawing {
        let bottom = Self.top + Double(rows.count) * Self.pitch
        let words = rows.map {
            "\($0.label): p50 \(Figure.text($0.p50)), p99 \(Figure.text($0.p99)), max \(Figure.text($0.max)) ms"
        }
        var drawing = Drawing(
            width: Self.width, height: bottom + 34, title: "\(title): \(subtitle)",
            description: words.joined(separator: "; "))
        drawing.text(title, x: 16, y: 20, size: 16, bold: true)
        drawing.text(subtitle, x: 16, y: 42, .muted)
        drawLegend(in: &drawing)

        let left = 28 + (rows.map { Drawing.textWidth($0.label, bold: $0.kind == .ours) }.max() ?? 0)
        let right = Self.width - 30
        let axis = Scale.logarithmic(rows.flatMap { [$0.p50, $0.p99, $0.max] })
        for tick in axis.ticks {
            let x = left + axis.place(tick) * (right - left)
            drawing.line(x1: x, y1: Self.top - 4, x2: x, y2: bottom, .grid)
            drawing.text(Self.time(tick), x: x, y: bottom + 14, .muted, size: 12, anchor: .middle)
        }
        for (index, row) in rows.enumerated() {
            let y = Self.top + (Double(index) + 0.5) * Self.pitch
            let place = { (value: Double) in left + axis.place(value) * (right - left) }
            drawing.text(row.label, x: left - 10, y: y, anchor: .end, bold: row.kind == .ours)
            drawing.line(x1: place(row.p50), y1: y, x2: place(row.max), y2: y, row.kind.ink, width: 2)
            drawing.dot(x: place(row.p50), y: y, radius: 5, row.kind.ink)
            drawing.line(x1: place(row.p99), y1: y - 7, x2: place(row.p99), y2: y + 7, row.kind.ink, width: 3)
            drawing.line(x1: place(row.max), y1: y - 4, x2: place(row.max), y2: y + 4, row.kind.ink, width: 1.5)
        }
        return drawing
    }

    private func drawLegend(in drawing: inout Drawing) {
        let y = 64.0
        drawing.dot(x: 22, y: y, radius: 5, .muted)
        drawing.text("median", x: 32, y: y, .muted, size: 12)
        drawing.line(x1: 94, y1: y - 7, x2: 94, y2: y + 7, .muted, width: 3)
        drawing.text("99 %", x: 102, y: y, .muted, size: 12)
        drawing.line(x1: 146, y1: y - 4, x2: 146, y2: y + 4, .muted, width: 1.5)
        drawing.text("the slowest one", x: 154, y: y, .muted, size: 12)
    }

    /// From milliseconds, in the unit that needs no zeros.
    static func time(_ ms: Double) -> String {
        if ms >= 1000 { return "\(Figure.plain(ms / 1000)) s" }
        if ms >= 1 { return "\(Figure.plain(ms)) ms" }
        return "\(Figure.plain((ms * 1000).rounded())) µs"
    }
}
