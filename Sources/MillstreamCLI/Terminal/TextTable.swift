// Columns of text for people. Pure.

/// Rows that are aligned under their titles.
struct TextTable {
    private var rows: [[String]]

    init(titles: [String]) {
        rows = [titles]
    }

    mutating func add(_ cells: [String]) {
        rows.append(cells.map { TerminalText.cut(TerminalText.safe($0), columns: 60) })
    }

    /// One line for each row, without spaces at the end.
    var lines: [String] {
        let widths = (0..<(rows.first?.count ?? 0)).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
