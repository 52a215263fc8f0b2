import Foundation
import Load

// The results as a page: README.md and the pictures beside it. Made from the results file alone, so that the same file gives the same
// page. Pure.

package struct ResultsPage: Sendable {
    private let results: Results
    private let soak: SoakReport?
    private let pictures: [Picture]

    /// - Parameter soak: what `compare soak` found, maybe of another commit: the page says of which.
    package init(_ results: Results, soak: SoakReport? = nil) {
        self.results = results
        self.soak = soak
        pictures = Picture.all(results, soak: soak?.load)
    }

    /// All that a page may bring beside itself. What is there of these and is not among its files is of an older one.
    package static let pictureFiles = Picture.files

    /// Names and contents.
    package var files: [(name: String, text: String)] {
        [("README.md", markdown)] + pictures.map { ($0.file, $0.drawing.svg) }
    }

    package var markdown: String {
        let sections = [
            opening, GoalsSection(results: results).text, AheadSection(results: results).text,
            SideBySideSection(results: results).text, plots, soak.map(SoakSection.text), complaints,
            MachineSection(results: results).text, again,
        ]
        return sections.compactMap { $0 }.joined(separator: "\n\n") + "\n"
    }

    private var opening: String {
        // What is only reported is no goal, measured or not.
        let findings = GoalTable.all.filter { $0.bound != .reported }.map { Finding($0, in: results) }
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
            \(results.isQuick ? "" : "Where others do better: [the rows and the servers](#where-another-server-is-ahead). ")\
            \(soak.map { "The [soak](#soak) is a run of its own, \(SoakSection.commit(of: $0))." } ?? "There is no soak here.")
            This page is made by `compare report`; [how to make it again](#again).\(warning)
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

    private var again: String {
        let words = results.command
        let output =
            words.firstIndex(of: "--out").flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
            ?? Workbench.outputBelowRepository
        return """
            ## Again

            From the root of the repository; OUT, where it is named, is any directory on a disk.

            ```sh
            Config/setup.sh bench
            Config/release.sh
            swift build -c release --package-path Benchmarks --product sse-load
            swift build -c release --package-path Benchmarks --product compare
            \(words.joined(separator: " "))
            Benchmarks/.build/release/compare soak     # half an hour
            Benchmarks/.build/release/compare report \(output)/results.json --soak \(Workbench.soakBelowRepository)/soak.json
            ```

            The command lines of each run, its load average, the share of CPU time that the host took and the whole report of the generator are in \
            [results.json](results.json).
            """
    }
}
