// Servers side by side: one bar each, the spread of the rounds as a thin line on it, the median in words behind it. Pure.

package struct BarChart: Sendable {
    package struct Bar: Sendable {
        package var label: String
        package var spread: Spread
        package var kind: SeriesKind
    }

    package var title: String
    /// With the unit.
    package var subtitle: String
    package var scale: Scale.Kind
    package var bars: [Bar]

    private static let width = 760.0
    private static let top = 62.0
    private static let pitch = 34.0
    private static let thickness = 18.0

    package var drawing: Drawing {
        let height = Self.top + Double(bars.count) * Self.pitch + 34
        let words = bars.map { "\($0.label) \(Figure.text($0.spread))" }.joined(separator: "; ")
        var drawing = Drawing(width: Self.width, height: height, title: "\(title): \(subtitle)", description: words)
        drawing.text(title, x: 16, y: 20, size: 16, bold: true)
        drawing.text(subtitle, x: 16, y: 42, .muted)

        let left = 28 + (bars.map { Drawing.textWidth($0.label, bold: $0.kind == .ours) }.max() ?? 0)
        let right =
            Self.width - 24
            - (bars.map { Drawing.textWidth(Figure.text($0.spread), bold: $0.kind == .ours) }.max() ?? 0)
        let axis = makeScale()
        let bottom = Self.top + Double(bars.count) * Self.pitch
        for tick in axis.ticks {
            let x = left + axis.place(tick) * (right - left)
            drawing.line(x1: x, y1: Self.top - 4, x2: x, y2: bottom, .grid)
            drawing.text(Figure.tick(tick), x: x, y: bottom + 14, .muted, size: 12, anchor: .middle)
        }
        for (index, bar) in bars.enumerated() {
            let middle = Self.top + (Double(index) + 0.5) * Self.pitch
            let place = { (value: Double) in left + axis.place(value) * (right - left) }
            drawing.text(bar.label, x: left - 10, y: middle, anchor: .end, bold: bar.kind == .ours)
            drawing.rectangle(
                x: left, y: middle - Self.thickness / 2, width: max(place(bar.spread.median) - left, 1.5),
                height: Self.thickness,
                bar.kind.ink)
            if bar.spread.values.count > 1 {
                let (from, to) = (place(bar.spread.min), place(bar.spread.max))
                drawing.line(x1: from, y1: middle, x2: to, y2: middle, .text, width: 1.5)
                for end in [from, to] {
                    drawing.line(x1: end, y1: middle - 4, x2: end, y2: middle + 4, .text, width: 1.5)
                }
            }
            let end = max(place(bar.spread.median), place(bar.spread.max))
            drawing.text(Figure.text(bar.spread), x: end + 8, y: middle, bold: bar.kind == .ours)
        }
        return drawing
    }

    private func makeScale() -> Scale {
        let values = bars.flatMap { [$0.spread.min, $0.spread.max] }
        return scale == .linear ? .linear(upTo: values.max() ?? 1) : .logarithmic(values)
    }
}

/// What a series stands for, and so how it is coloured.
package enum SeriesKind: Sendable, Equatable {
    case ours, yardstick, other

    package init(server: String) {
        self = server == ServerCatalog.ours ? .ours : Yardstick(rawValue: server) != nil ? .yardstick : .other
    }

    var ink: Drawing.Ink {
        switch self {
        case .ours: .ours
        case .yardstick: .yardstick
        case .other: .other
        }
    }
}
