import Foundation

// An SVG picture as text, element by element. Only what the plots need. Pure.
//
// Colours come from classes: the style knows a light and a dark scheme, so that a picture reads on either page, and the background is
// whatever lies behind.

package struct Drawing {
    package let width: Double
    package let height: Double
    private let title: String
    private let description: String
    private var body: [String] = []

    enum Ink: String {
        /// Words.
        case text, muted
        /// Axes and grid.
        case line, grid
        /// What the picture is about, and what it is compared with.
        case ours, yardstick, other
    }

    enum Anchor: String { case start, middle, end }

    /// - Parameters:
    ///   - title: for screen readers, with `description`.
    init(width: Double, height: Double, title: String, description: String) {
        self.width = width
        self.height = height
        self.title = title
        self.description = description
    }

    mutating func rectangle(x: Double, y: Double, width: Double, height: Double, _ ink: Ink) {
        add(
            "rect",
            [
                ("x", n(x)), ("y", n(y)), ("width", n(max(width, 0))), ("height", n(height)), ("rx", "2"),
                ("class", "f-\(ink.rawValue)"),
            ])
    }

    mutating func line(
        x1: Double, y1: Double, x2: Double, y2: Double, _ ink: Ink, width: Double = 1, dashed: Bool = false
    ) {
        var attributes = [
            ("x1", n(x1)), ("y1", n(y1)), ("x2", n(x2)), ("y2", n(y2)), ("class", "s-\(ink.rawValue)"),
            ("stroke-width", n(width)),
        ]
        if dashed { attributes.append(("stroke-dasharray", "4 3")) }
        add("line", attributes)
    }

    mutating func polyline(_ points: [(x: Double, y: Double)], _ ink: Ink, width: Double = 2, dashed: Bool = false) {
        var attributes = [
            ("points", points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")), ("class", "s-\(ink.rawValue)"),
            ("stroke-width", n(width)), ("fill", "none"), ("stroke-linejoin", "round"),
        ]
        if dashed { attributes.append(("stroke-dasharray", "6 4")) }
        add("polyline", attributes)
    }

    mutating func dot(x: Double, y: Double, radius: Double, _ ink: Ink, hollow: Bool = false) {
        let paint = hollow ? "s-\(ink.rawValue) hollow" : "f-\(ink.rawValue)"
        add("circle", [("cx", n(x)), ("cy", n(y)), ("r", n(radius)), ("class", paint)])
    }

    /// - Parameter y: of the middle of the line of text.
    mutating func text(
        _ words: String, x: Double, y: Double, _ ink: Ink = .text, size: Double = 13, anchor: Anchor = .start,
        bold: Bool = false
    ) {
        // Not dominant-baseline: some renderers do not know it. A third of the size is the middle of small letters in all fonts.
        var attributes = [
            ("x", n(x)), ("y", n(y + size * 0.35)), ("font-size", n(size)), ("text-anchor", anchor.rawValue),
            ("class", "f-\(ink.rawValue)"),
        ]
        if bold { attributes.append(("font-weight", "600")) }
        add("text", attributes, content: words)
    }

    package var svg: String {
        let head = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(width)) \(n(height))" width="\(n(width))" height="\(n(height))" role="img">
            <title>\(Self.escaped(title))</title>
            <desc>\(Self.escaped(description))</desc>
            <style>
            text { font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif; }
            \(Self.scheme(text: "#1f2328", muted: "#59636e", line: "#818b98", grid: "#d8dee4", ours: "#0969da", yardstick: "#9a6700", other: "#8c959f"))
            @media (prefers-color-scheme: dark) {
            \(Self.scheme(text: "#f0f6fc", muted: "#9198a1", line: "#656c76", grid: "#30363d", ours: "#4493f8", yardstick: "#d29922", other: "#7d8590"))
            }
            .hollow { fill: none; stroke-width: 1.5; }
            </style>
            """
        return ([head] + body + ["</svg>", ""]).joined(separator: "\n")
    }

    /// How wide text will be, nearly: there are no fonts here. As wide as in a wide font.
    static func textWidth(_ words: String, size: Double = 13, bold: Bool = false) -> Double {
        let letters = words.reduce(0) { sum, letter in
            sum
                + ("iljt.,:;|'()[] ".contains(letter)
                    ? 0.37 : "mwMW".contains(letter) ? 0.97 : letter.isUppercase ? 0.75 : 0.64)
        }
        return letters * size * (bold ? 1.1 : 1)
    }

    private static func scheme(
        text: String, muted: String, line: String, grid: String, ours: String, yardstick: String, other: String
    ) -> String {
        [
            ("text", text), ("muted", muted), ("line", line), ("grid", grid), ("ours", ours), ("yardstick", yardstick),
            ("other", other),
        ].map { ".f-\($0) { fill: \($1); } .s-\($0) { stroke: \($1); }" }.joined(separator: "\n")
    }

    private mutating func add(_ name: String, _ attributes: [(String, String)], content: String? = nil) {
        let list = attributes.map { " \($0)=\"\(Self.escaped($1))\"" }.joined()
        body.append(content.map { "<\(name)\(list)>\(Self.escaped($0))</\(name)>" } ?? "<\(name)\(list)/>")
    }

    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    /// A tenth of a pixel is enough, and the same everywhere, so that pictures can be compared by line.
    private func n(_ value: Double) -> String {
        let text = String(format: "%.1f", value.isFinite ? value : 0)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text == "-0" ? "0" : text
    }
}
