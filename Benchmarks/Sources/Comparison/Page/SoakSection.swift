import Load

/// A soak in words: what the curves beside it show, as figures. Pure.
enum SoakSection {
    static func text(_ report: LoadReport) -> String {
        var table = MarkdownTable(["", "first quarter", "last quarter"])
        // What opens and warms up is no part of a steady state.
        let samples = steady(report)
        let quarter = max(1, samples.count / 4)
        let row = { (title: String, value: (Sample) -> Double?) in
            [title]
                + [Array(samples.prefix(quarter)), Array(samples.suffix(quarter))].map { part in
                    Spread(part.compactMap(value)).map {
                        "\(Figure.text($0.median)) [\(Figure.text($0.min))–\(Figure.text($0.max))]"
                    } ?? "–"
                }
        }
        table.add(row("resident memory, MB") { $0.rssBytes.map { Double($0) / 1e6 } })
        table.add(row("descriptors") { $0.descriptors.map(Double.init) })
        table.add(row("p99 of a second, ms") { $0.eventsPerS > 0 ? $0.p99Us / 1000 : nil })
        table.add(row("server's CPU, % of a core") { $0.serverCpu.map { $0 * 100 } })
        let faults =
            report.faults.isEmpty
            ? "No event was lost or doubled." : "Faults: \(report.faults.joined(separator: "; "))."
        return """
            ## Soak

            \(report.title): \(Figure.text(report.wallS / 60)) minutes from \(report.startedAt). \(faults)

            ![Memory, descriptors and latency over the time of the soak](\(Picture.soakFile))

            \(table.text)
            """
    }

    /// The seconds of measured phases.
    static func steady(_ report: LoadReport) -> [Sample] {
        let measured = Set(report.phases.filter(\.measured).map(\.name))
        return report.samples.filter { measured.contains($0.phase) }
    }
}
