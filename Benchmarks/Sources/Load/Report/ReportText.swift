import Foundation

/// A report for people: the progress line of a second and the table at the end.
public enum ReportText {
    public static func line(_ sample: Sample) -> String {
        var parts = [
            String(format: "%5.0f s  ", sample.atS) + padded(sample.phase, 12),
            "\(sample.streams) streams",
            short(sample.eventsPerS) + " events/s",
        ]
        if sample.maxUs > 0 { parts.append("p50 \(time(sample.p50Us)) p99 \(time(sample.p99Us))") }
        if sample.jobsPerS > 0 { parts.append(short(sample.jobsPerS) + " jobs/s") }
        if let rss = sample.rssBytes { parts.append("RSS " + size(Double(rss))) }
        if let descriptors = sample.descriptors { parts.append("\(descriptors) fds") }
        if let cpu = sample.serverCpu { parts.append(String(format: "server %.0f %%", cpu * 100)) }
        parts.append(String(format: "load %.0f %%", sample.generatorCpu * 100))
        if sample.faults > 0 { parts.append("\(sample.faults) FAULTS") }
        return parts.joined(separator: "  ")
    }

    public static func table(_ report: LoadReport) -> String {
        var lines = ["\(report.server): \(report.title.isEmpty ? report.scenario : report.title)"]
        if !report.goal.isEmpty { lines.append("goal: \(report.goal)") }
        if let open = report.open { lines += rows(open) }
        for phase in report.phases { lines += rows(phase) }
        lines += report.faults.map { "FAULT \($0)" }
        return lines.joined(separator: "\n")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
    }

    private static func row(_ name: String, _ parts: [String?]) -> String {
        "  " + padded(name, 14) + " " + parts.compactMap { $0 }.joined(separator: "  ")
    }

    private static func rows(_ open: OpenReport) -> [String] {
        [
            row(
                "open",
                [
                    "\(open.opened) of \(open.wanted)", short(open.opensPerS) + "/s",
                    open.serverCpuUsPerOpen.map { String(format: "%.1f us CPU each", $0) },
                    "p99 " + time(open.latencyUs.p99),
                    open.rssBytesPerStream.map { String(format: "%.0f bytes a stream", $0) },
                    open.errors + open.non200 > 0 ? "\(open.errors) errors, \(open.non200) refused" : nil,
                ])
        ]
    }

    private static func rows(_ phase: PhaseReport) -> [String] {
        var lines: [String] = []
        let counts = phase.counts
        lines.append(
            row(
                phase.name,
                [
                    phase.measured ? nil : "(warm-up)",
                    counts.expected > 0 ? "\(counts.events) of \(counts.expected) events" : "\(counts.events) events",
                    short(phase.deliveriesPerS) + "/s", String(format: "%.2f a read", phase.eventsPerRead),
                    phase.cpuUsPerDelivery.map { String(format: "%.3f us CPU each", $0) },
                    counts.events > 0
                        ? String(format: "generator %.3f us", phase.generatorCpuS * 1e6 / Double(counts.events)) : nil,
                ]))
        if phase.latencyUs.count > 0 { lines.append(row("  latency", [quantiles(phase.latencyUs)])) }
        if phase.groups.count > 1 {
            let told = phase.groups.filter { $0.counts.bytes > 0 || $0.counts.disconnects > 0 }
            lines += told.map { group in
                row(
                    "  " + group.name,
                    [
                        "\(group.streams) streams", "\(group.counts.events) events",
                        group.latencyUs.count > 0 ? quantiles(group.latencyUs) : nil,
                        group.counts.gapEvents > 0 ? "\(group.counts.gapEvents) gap events" : nil,
                        group.counts.disconnects > 0 ? "\(group.counts.disconnects) disconnects" : nil,
                    ])
            }
        }
        if let cpu = phase.serverCpuByThread, !cpu.isEmpty {
            let threads = cpu.sorted { $0.value > $1.value }.prefix(5).map {
                String(format: "%@ %.3f s", $0.key, $0.value)
            }
            lines.append(row("  server CPU", threads))
        }
        if let memory = phase.memory {
            lines.append(
                row(
                    "  server",
                    [
                        "RSS \(size(Double(memory.rssBytesBefore))) to \(size(Double(memory.rssBytesAfter)))",
                        "descriptors \(memory.descriptorsBefore) to \(memory.descriptorsAfter)",
                    ]))
        }
        for jobs in [phase.jobs].compactMap({ $0 }) + (phase.otherJobs ?? []) { lines += rows(jobs) }
        if let resume = phase.resume {
            lines.append(
                row(
                    "  resume",
                    [
                        "\(resume.caughtUp) of \(resume.readers) caught up",
                        "\(resume.replayed) of \(resume.behind) replayed", short(resume.replayedPerS) + "/s",
                        "each " + quantiles(resume.catchUpUs),
                    ] + (resume.othersUs.map { ["the others meanwhile " + quantiles($0)] } ?? [])))
        }
        for churn in [phase.churn].compactMap({ $0 }) + (phase.otherChurns ?? []) {
            lines.append(
                row("  churn", [churn.group, "\(churn.reconnects) reconnects", "open " + quantiles(churn.openUs)]))
        }
        for stall in phase.stalls ?? [] {
            lines.append(row("  stall", [stall.group, "\(stall.cutOff) cut off by the server"]))
        }
        if let commits = phase.commits {
            lines.append(
                row(
                    "  commits",
                    [
                        "\(commits.events) events", short(commits.eventsPerS) + "/s",
                        commits.serverCpuUsPerEvent.map { String(format: "%.2f us CPU each", $0) },
                    ]))
        }
        return lines
    }

    private static func rows(_ jobs: JobsReport) -> [String] {
        var lines = [
            row(
                "  " + jobs.name,
                [
                    "\(jobs.created) created", short(jobs.createdPerS) + "/s", "\(jobs.completed) completed",
                    short(jobs.completedPerS) + "/s",
                    jobs.cpuMsPerJob.map { String(format: "%.4f ms CPU a job", $0) },
                    String(format: "generator %.1f us", jobs.generatorCpuUsPerJob),
                    jobs.reconnects > 0 ? "\(jobs.reconnects) reconnects" : nil,
                    jobs.rssBytesPerStream.map { String(format: "%.0f bytes a stream", $0) },
                ])
        ]
        for (name, value) in [("create", jobs.createUs), ("end", jobs.endUs), ("event", jobs.eventUs)]
        where value.count > 0 {
            lines.append(row("    " + name, [quantiles(value)]))
        }
        return lines
    }

    private static func quantiles(_ value: Quantiles) -> String {
        "p50 \(time(value.p50))  p90 \(time(value.p90))  p99 \(time(value.p99))  p99.9 \(time(value.p999))  max \(time(value.max))"
    }

    private static func time(_ us: Double) -> String {
        us < 1000
            ? String(format: "%.0f us", us)
            : us < 1_000_000 ? String(format: "%.2f ms", us / 1000) : String(format: "%.2f s", us / 1_000_000)
    }

    private static func size(_ bytes: Double) -> String { String(format: "%.1f MB", bytes / 1_000_000) }

    private static func short(_ number: Double) -> String {
        number < 10_000
            ? String(format: "%.0f", number)
            : number < 1_000_000 ? String(format: "%.1fk", number / 1000) : String(format: "%.2fM", number / 1_000_000)
    }
}
