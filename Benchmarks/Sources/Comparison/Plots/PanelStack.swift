// One or several panels under each other, with one common axis below. Pure.

package struct PanelStack: Sendable {
    package var title: String
    package var subtitle: String
    package var panels: [LinePanel]
    /// Of one panel, without the words of the axis.
    package var panelHeight: Double

    private static let width = 760.0
    private static let top = 62.0

    package var drawing: Drawing {
        let height = Self.top + Double(panels.count) * panelHeight + 42
        var drawing = Drawing(
            width: Self.width, height: height, title: "\(title): \(subtitle)",
            description: panels.map(\.title).joined(separator: "; "))
        drawing.text(title, x: 16, y: 20, size: 16, bold: true)
        drawing.text(subtitle, x: 16, y: 42, .muted)
        for (index, panel) in panels.enumerated() {
            let isLast = index == panels.count - 1
            panel.draw(
                in: &drawing, x: 16, y: Self.top + Double(index) * panelHeight, width: Self.width - 32,
                height: panelHeight + (isLast ? 30 : 0),
                axisWidth: panels.map(\.axisWidth).max() ?? 0, showsXAxis: isLast)
        }
        return drawing
    }
}
