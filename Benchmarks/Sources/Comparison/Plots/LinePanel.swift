// Curves over one axis: as a picture of its own, or several under each other with a common axis. Pure.

package struct LinePanel: Sendable {
    package struct Curve: Sendable {
        package var label: String
        package var points: [(x: Double, y: Double)]
        package var kind: SeriesKind
        /// A mark on each point: for a few measured ones; without, for a curve over time.
        package var hasMarks: Bool
    }

    /// What the vertical axis shows, with its unit.
    package var title: String
    package var curves: [Curve]
    package var x: Scale
    package var y: Scale
    /// Where the axis has its words: only these, when given, and not the scale's own.
    package var xTicks: [Double]?
    package var xTitle: String

    /// Of the words at the vertical axis.
    var axisWidth: Double { y.ticks.map { Drawing.textWidth(Figure.tick($0), size: 12) }.max() ?? 0 }

    /// Draws into a part of a picture, axes and words included.
    /// - Parameter axisWidth: room for the words at the vertical axis.
    func draw(
        in drawing: inout Drawing, x originX: Double, y originY: Double, width: Double, height: Double,
        axisWidth: Double, showsXAxis: Bool
    ) {
        let left = originX + 14 + axisWidth
        let labels =
            curves.count > 1 ? (curves.map { Drawing.textWidth($0.label, bold: $0.kind == .ours) }.max() ?? 0) + 16 : 16
        let right = originX + width - labels
        let top = originY + 28
        let bottom = originY + height - (showsXAxis ? 42 : 12)
        let placeX = { (value: Double) in left + x.place(value) * (right - left) }
        let placeY = { (value: Double) in bottom - y.place(value) * (bottom - top) }

        drawing.text(title, x: originX, y: originY + 10, .muted)
        for tick in y.ticks {
            drawing.line(x1: left, y1: placeY(tick), x2: right, y2: placeY(tick), .grid)
            drawing.text(Figure.tick(tick), x: left - 8, y: placeY(tick), .muted, size: 12, anchor: .end)
        }
        drawing.line(x1: left, y1: bottom, x2: right, y2: bottom, .line)
        for tick in xTicks ?? x.ticks {
            drawing.line(x1: placeX(tick), y1: bottom, x2: placeX(tick), y2: bottom + 4, .line)
            if showsXAxis {
                drawing.text(Figure.tick(tick), x: placeX(tick), y: bottom + 14, .muted, size: 12, anchor: .middle)
            }
        }
        if showsXAxis { drawing.text(xTitle, x: (left + right) / 2, y: bottom + 32, .muted, size: 12, anchor: .middle) }

        for curve in curves {
            let points = curve.points.map { (x: placeX($0.x), y: placeY($0.y)) }
            drawing.polyline(points, curve.kind.ink, width: curve.hasMarks ? 2 : 1.5, dashed: curve.kind == .yardstick)
            if curve.hasMarks { for point in points { drawing.dot(x: point.x, y: point.y, radius: 4, curve.kind.ink) } }
        }
        if curves.count > 1 {
            let places = Self.apart(
                curves.map { $0.points.last.map { placeY($0.y) } ?? bottom }, by: 17, within: top...bottom)
            for (curve, place) in zip(curves, places) {
                drawing.text(
                    curve.label, x: right + 10, y: place, curve.kind == .other ? .muted : curve.kind.ink,
                    bold: curve.kind == .ours)
            }
        }
    }

    /// Moves labels from each other until they do not overlap; they keep their order.
    static func apart(_ wanted: [Double], by distance: Double, within bounds: ClosedRange<Double>) -> [Double] {
        let order = wanted.indices.sorted { wanted[$0] < wanted[$1] }
        var placed = wanted
        var next = bounds.lowerBound - distance
        for index in order {
            placed[index] = max(wanted[index], next + distance)
            next = placed[index]
        }
        var limit = bounds.upperBound + distance
        for index in order.reversed() {
            placed[index] = min(placed[index], limit - distance)
            limit = placed[index]
        }
        return placed
    }
}
