import Foundation
import Load

// The results as a page: README.md and the pictures beside it. Made from the results file alone, so that the same file gives the same
// page. Pure.

package struct ResultsPage: Sendable {
    private let results: Results
    private let soak: LoadReport?
    private let pictures: [Picture]

    /// - Parameter soak: of a soak that was run apart; otherwise the comparison's own, if it had one.
    package init(_ results: Results, soak: LoadReport? = nil) {
        self.results = results
        self.soak = soak ?? results.runs(of: ScenarioNames.soak, by: ServerCatalog.ours).last?.report
        pictures = Picture.all(results, soak: self.soak)
    }

    /// Names and contents.
    package var files: [(name: String, text: String)] {
        [("README.md", markdown)] + pictures.map { ($0.file, $0.drawing.svg) }
    }

    package var markdown: String {
        let sections = [opening, goals, sideBySide, plots, soak.map(SoakSection.text), complaints, machine, again]
        return sections.compactMap { $0 }.joined(separator: "\n\n") + "\n"
    }

    private var opening: String {
        let findings = GoalTable.all.map { Finding($0, in: results) }
        let count = { (verdict: Verdict) in findings.filter { $0.verdict == verdict }.count }
        let missedByAll = findings.filter(\.isMissedByAll).count
        let beside = missedByAll > 0 ? " (\(missedByAll) of them not by the yardstick either)" : ""
        let warning =
            results.isQuick
            ? "\n\n**A quick run: everything was shrunk to see that every piece works. No figure here says anything of speed.**"
            : ""
        return """
            # Millstream, measured beside others

            Commit `\(results.revision.short)`, \(results.startedAt) on \(results.host.cpu), \(results.host.cores) cores, \(results.host.kernel).
            \(results.rounds == 1 ? "One round" : "Medians of \(results.rounds) rounds [smallest–largest]"), a fresh server on an empty directory for each, \
            SQLite journal with FULL sync on, the server on one core and the load on the other. \
            Goals: \(count(.met)) met, \(count(.notMet)) not met\(beside), \(count(.notMeasured)) not measured.
            This page is made by `compare report`; [how to make it again](#again).\(warning)
            """
    }

    private var goals: String {
        var table = MarkdownTable(["what", "goal", "Millstream", "÷ yardstick", "met?", "host took", "others"])
        var row = ""
        for goal in GoalTable.all {
            let finding = Finding(goal, in: results)
            let name = goal.row == row ? "\(goal.what)" : "**\(goal.row)**: \(goal.what)"
            row = goal.row
            let unit = goal.metric.unit.isEmpty ? "" : " \(goal.metric.unit)"
            table.add([
                name, goal.text, finding.figure.map { Figure.text($0) + unit } ?? "–",
                quotient(finding),
                finding.words.replacing(Verdict.notMet.rawValue, with: "**\(Verdict.notMet.rawValue)**"),
                finding.stolenShare(in: results).map(Figure.percent) ?? "",
                finding.others.map { "\($0.title) \(Figure.text($0.median))" }.joined(separator: ", "),
            ])
        }
        return """
            ## The goals

            \(table.text)

            The yardsticks are C programs, measured in the same rounds. Bare epoll only calls `send()` for each stream: the kernel's price of the \
            work. Bare durable also has each event on the disk before it is sent, one `pwrite` and one `fdatasync` for all that came meanwhile, and \
            nothing else (no SQL, no recovery): the disk's price. It shares its core as Millstream does: the journal and the publisher of \
            channels are threads of their own, and its loop thread takes over what is durable and sends, to readers that come back out of \
            memory, 256 KiB a tick at most. *nor by bare durable*: its own median, for a goal that is a quotient its own \
            quotient, misses the bound in this comparison, too; the goal is not met all the same. *Host took*: of the time that was asked for on the cores of Millstream's runs of the \
            row, the generator's included, what the host gave to others (steal, the median of the rounds). Durable figures belong to a disk whose `fdatasync` takes \(Figure.text(results.disk.p50Us / 1000)) ms (median) and \
            \(Figure.text(results.disk.p99Us / 1000)) ms (p99) after an append of 4 KiB.
            """
    }

    private func quotient(_ finding: Finding) -> String {
        guard let ratio = finding.ratio, let yardstick = finding.goal.yardstick else { return "" }
        return "\(Figure.text(ratio)) × \(yardstick.title)"
    }

    private var sideBySide: String {
        var table = MarkdownTable([""] + results.servers.map(\.title))
        let lines: [(String, String, Metric)] = [
            ("bytes per idle stream, 10,000", ScenarioNames.opens, Metrics.bytesPerStream),
            ("opens per second", ScenarioNames.opens, Metrics.opensPerS),
            ("CPU µs per delivery, 5 events/s to 10,000", ScenarioNames.fanOut, Metrics.cpuPerDelivery),
            ("its p99, ms", ScenarioNames.fanOut, Metrics.p99),
            ("overload: deliveries/s, 100 events/s to 10,000", ScenarioNames.overload, Metrics.deliveriesPerS),
            ("10,000 channels: CPU µs per delivery", ScenarioNames.channels, Metrics.cpuPerDelivery),
            ("six stalled readers: growth, MB", ScenarioNames.stalled, Metrics.growth),
            ("six stalled readers: p99 of the others, ms", ScenarioNames.stalled, Metrics.p99),
            ("200 jobs, an event each 50 ms: p50, ms", ScenarioNames.runningJobs, Metrics.jobEventP50),
            ("its p99, ms", ScenarioNames.runningJobs, Metrics.jobEventP99),
            ("10,000 durable events/s from jobs: p99, ms", ScenarioNames.jobEmission, Metrics.p99),
            ("whole jobs: CPU ms per job", ScenarioNames.wholeJobs, Metrics.cpuPerJob),
        ]
        for (title, scenario, metric) in lines {
            table.add(
                [title]
                    + results.servers.map {
                        metric.spread(scenario, $0.name, in: results).map { Figure.text($0) } ?? ""
                    })
        }
        let versions = results.servers.map { "\($0.title): \($0.version)" }.joined(separator: " · ")
        return """
            ## Side by side

            \(table.text)

            \(versions)
            """
    }

    private var plots: String? {
        let images = pictures.filter { !$0.isOfSoak }.map { "![\($0.caption)](\($0.file))" }
        return images.isEmpty ? nil : "## Pictures\n\n" + images.joined(separator: "\n\n")
    }

    /// Everything that went wrong anywhere: nothing is thrown away.
    private var complaints: String {
        let lines = results.measurements.flatMap { run in
            ([run.failure.map { "failed: \($0)" }].compactMap { $0 } + (run.report?.faults ?? [])).map {
                "- \(run.scenario), round \(run.round), \(run.server): \($0)"
            }
        }
        let text =
            lines.isEmpty
            ? "No run failed, and no event was lost, doubled or out of order in any." : lines.joined(separator: "\n")
        return "## What went wrong\n\n\(text)"
    }

    private var machine: String {
        let host = results.host
        var table = MarkdownTable(["machine", ""])
        table.add(["CPU", "\(host.cpu), \(host.cores) cores, frequency governor: \(host.governor)"])
        table.add(["memory", "\(Figure.text(Double(host.memoryBytes) / 1_073_741_824)) GiB"])
        table.add([
            "system",
            "\(host.system), \(host.kernel), TCP \(host.congestionControl), \(Figure.text(Double(host.descriptors))) descriptors a process",
        ])
        table.add([
            "fdatasync of 4 KiB",
            "p50 \(Figure.text(results.disk.p50Us)) µs, p99 \(Figure.text(results.disk.p99Us)) µs, of \(results.disk.count)",
        ])
        table.add(["commit", results.revision.short])
        if let binary = results.binary {
            let runtime =
                binary.hasStaticSwiftRuntime ? "static Swift runtime" : "**with the Swift runtime as shared libraries**"
            table.add([
                "stripped binary",
                "\(Figure.text(Double(binary.strippedBytes) / 1e6)) MB, \(runtime), needs \(binary.needs.joined(separator: ", "))",
            ])
        }
        table.add(["began, ended", "\(results.startedAt), \(results.finishedAt ?? "aborted")"])
        let loads = results.measurements.compactMap { Double($0.loadAverage.prefix { $0 != " " }) }
        if let spread = Spread(loads) {
            table.add([
                "load average before the runs",
                "\(Figure.text(spread.median)) [\(Figure.text(spread.min))–\(Figure.text(spread.max))]",
            ])
        }
        if let spread = Spread(results.measurements.compactMap { $0.stolenShare.map { $0 * 100 } }) {
            table.add([
                "CPU time that the host took away, of what was asked for",
                "\(Figure.text(spread.median)) % [\(Figure.text(spread.min))–\(Figure.text(spread.max))]",
            ])
        }
        if let isKeptAwake = results.isKeptAwake {
            table.add([
                "idle cores",
                isKeptAwake ? "kept awake (`--keep-awake`), as `idle=poll` would" : "halt, as the kernel has it",
            ])
        }
        return "## Machine\n\n\(table.text)"
    }

    private var again: String {
        """
        ## Again

        ```sh
        Config/setup.sh bench
        Config/release.sh
        swift build -c release --package-path Benchmarks --product sse-load
        swift build -c release --package-path Benchmarks --product compare
        \(results.command.joined(separator: " "))
        ```

        The command lines of each run, its load average, the share of CPU time that the host took and the whole report of the generator are in the results file.
        """
    }
}
