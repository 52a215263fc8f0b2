import Foundation
import Load

/// The figures of one measurement on one line, for who waits.
enum ProgressLine {
    static func text(_ measurement: MeasuredRun) -> String {
        if let starts = measurement.startsMs, let spread = Spread(starts) {
            return "\(starts.count) starts, median \(Figure.text(spread.median)) ms"
        }
        guard let report = measurement.report else { return "no report" }
        var parts: [String] = []
        if let open = report.open {
            parts.append("\(open.opened) streams, \(Figure.text(open.opensPerS))/s")
            if let bytes = open.rssBytesPerStream { parts.append("\(Figure.text(bytes)) B each") }
        }
        for phase in report.phases where phase.measured { parts.append(text(phase)) }
        if !report.faults.isEmpty { parts.append("faults: \(report.faults.joined(separator: "; "))") }
        return parts.joined(separator: " | ")
    }

    private static func text(_ phase: PhaseReport) -> String {
        var parts = [phase.name]
        if let commits = phase.commits {
            parts.append("\(Figure.text(commits.eventsPerS)) committed/s")
        } else if let jobs = phase.jobs {
            parts.append("\(Figure.text(max(jobs.createdPerS, jobs.completedPerS))) jobs/s")
        } else if let resume = phase.resume {
            parts.append("\(Figure.text(resume.replayedPerS)) replayed/s")
        } else if phase.counts.events > 0 {
            parts.append("\(Figure.text(phase.deliveriesPerS))/s")
        }
        if let cpu = phase.cpuUsPerDelivery, phase.counts.events > 0 { parts.append("\(Figure.text(cpu)) us each") }
        if phase.latencyUs.count > 0 {
            parts.append(
                "p50 \(Figure.text(phase.latencyUs.p50 / 1000)) p99 \(Figure.text(phase.latencyUs.p99 / 1000)) ms")
        }
        return parts.joined(separator: " ")
    }
}
