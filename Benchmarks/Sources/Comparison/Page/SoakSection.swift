import Load

/// A soak in words: of which commit and where, all that was looked at with what came of it, judged or only told, and the figures of the
/// curves beside it. Pure.
enum SoakSection {
    static func text(_ soak: SoakReport) -> String {
        let report = soak.load
        let faults =
            report.faults.isEmpty
            ? "No event was lost or doubled." : "Faults: \(report.faults.joined(separator: "; "))."
        return """
            ## Soak

            \(report.title): \(Figure.text(report.wallS / 60)) minutes from \(report.startedAt), \(commit(of: soak)), on \(host(of: soak)). \
            \(weather(of: soak)) \(faults)
            \(verdict(soak.soak))

            \(findings(soak.soak))

            ![Memory, descriptors and latency over the time of the soak](\(Picture.soakFile))

            The findings leave out the first \(Figure.percent(soak.soak.limits.warmUpShare)) of the measured time, in which caches and pools fill; this table does not.

            \(quarters(report))
            """
    }

    /// `commit 0123456789ab`, or that nobody wrote it down: older reports do not have it.
    static func commit(of soak: SoakReport) -> String {
        soak.revision.map { "commit `\($0.short)`" } ?? "its commit not recorded"
    }

    private static func host(of soak: SoakReport) -> String {
        let machine = soak.load.machine
        let known = "\(machine.cpu), \(machine.cores) cores, \(machine.kernel)"
        return soak.host.map { "\(known), TCP \($0.congestionControl), \($0.system)" }
            ?? "\(known) (more of the host was not recorded)"
    }

    /// What the machine did to it: no latency can be read without that.
    private static func weather(of soak: SoakReport) -> String {
        guard let stolen = soak.stolenShare else {
            return "What the host took meanwhile was not recorded."
        }
        let flushes = soak.meanFlushMs.flatMap { mean in
            soak.slowestFlushMs.map {
                "; a flush of the disk took \(Figure.text(mean)) ms, the slowest \(Figure.text($0))"
            }
        }
        return "The host took \(Figure.percent(stolen)) of the CPU time that was asked for\(flushes ?? "")."
    }

    private static func verdict(_ verdict: SoakVerdict) -> String {
        let broken = verdict.findings.filter { !$0.holds }
        let names = { (findings: [SoakFinding]) in findings.map(\.name).joined(separator: ", ") }
        let failed = broken.filter(\.isJudged)
        guard failed.isEmpty else { return "**It failed**: \(names(failed))." }
        return broken.isEmpty
            ? "It passed: all that was looked at holds."
            : "It passed by what was judged, **but does not hold in**: \(names(broken)) (only told; `--judge-latency` makes a drift of latency a failure)."
    }

    private static func findings(_ verdict: SoakVerdict) -> String {
        var table = MarkdownTable(["what", "found", "holds?"])
        for finding in verdict.findings {
            let answer = finding.holds ? "yes" : "**no**"
            table.add([finding.name, finding.text, finding.isJudged ? answer : "\(answer), only told"])
        }
        return table.text
    }

    private static func quarters(_ report: LoadReport) -> String {
        var table = MarkdownTable(["", "first quarter of the whole", "last quarter of the whole"])
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
        return table.text
    }

    /// The seconds of measured phases.
    static func steady(_ report: LoadReport) -> [Sample] {
        let measured = Set(report.phases.filter(\.measured).map(\.name))
        return report.samples.filter { measured.contains($0.phase) }
    }
}
