import Load

// Whether a soak was flat. The generator has checked every number of every stream; here its faults, the server's log and the curves are
// brought to a verdict, and a run that did not do its work is no good either. Pure.

package struct SoakJudge: Sendable {
    private let limits: SoakLimits

    package init(_ limits: SoakLimits = SoakLimits()) { self.limits = limits }

    package func verdict(_ report: LoadReport, _ server: SoakedServer) -> SoakVerdict {
        let findings = work(report) + [faults(report)] + curves(report) + ends(server)
        return SoakVerdict(
            passed: findings.allSatisfy { $0.holds || !$0.isJudged }, findings: findings, limits: limits,
            server: server)
    }

    // MARK: What the readers saw

    private func faults(_ report: LoadReport) -> SoakFinding {
        let events = report.phases.map(\.counts.events).reduce(0, +)
        return finding(
            "events", holds: report.faults.isEmpty,
            report.faults.isEmpty
                ? "\(events) read, none lost, doubled or out of order" : report.faults.joined(separator: "; "))
    }

    /// Everything that the scenario has must have happened: a soak of an idle server is flat, too.
    private func work(_ report: LoadReport) -> [SoakFinding] {
        let phases = report.phases.filter(\.measured)
        let churns = phases.flatMap { [$0.churn].compactMap { $0 } + ($0.otherChurns ?? []) }
        let jobs = phases.flatMap { [$0.jobs].compactMap { $0 } + ($0.otherJobs ?? []) }
        return [
            finding(
                "churn", holds: !churns.isEmpty && churns.allSatisfy { $0.reconnects >= max(1, $0.planned * 9 / 10) },
                churns.map { "\($0.reconnects) of \($0.planned) streams of \($0.group) came back with their cursors" }
                    .joined(separator: "; ")),
            finding(
                "jobs", holds: jobs.contains { $0.completed > 0 } && jobs.allSatisfy { ($0.cuts ?? 1) > 0 },
                jobs.map { job in
                    "\(job.completed) of \(job.name) completed" + (job.cuts.map { ", \($0) streams resumed" } ?? "")
                }.joined(separator: "; ")),
            finding(
                "stalls", holds: phases.flatMap { $0.stalls ?? [] }.contains { $0.cutOff > 0 },
                phases.flatMap { $0.stalls ?? [] }.map { "\($0.cutOff) readers of \($0.group) cut off by the server" }
                    .joined(separator: "; ")),
        ]
    }

    // MARK: The curves

    /// The samples after the warm-up.
    package func judged(_ report: LoadReport) -> [Sample] {
        let samples = SoakSection.steady(report)
        guard let first = samples.first, let last = samples.last else { return [] }
        let start = first.atS + (last.atS - first.atS) * limits.warmUpShare
        return samples.filter { $0.atS >= start }
    }

    private struct Curve {
        var name: String
        var unit: String
        /// What of its own unit makes one of `unit`.
        var scale: Double
        var isJudged = true
        var value: (Sample) -> Double?
        /// What it may grow by, from its level.
        var limit: (_ level: Double) -> Double
    }

    private func curves(_ report: LoadReport) -> [SoakFinding] {
        let limits = limits
        let samples = judged(report)
        let seconds = (samples.last?.atS ?? 0) - (samples.first?.atS ?? 0)
        let rssShare = seconds < limits.longRunS ? limits.rssShareOfShortRun : limits.rssShare
        let curves = [
            Curve(
                name: "resident memory", unit: " MB", scale: 1e6, value: { $0.rssBytes.map(Double.init) },
                limit: { min($0 * rssShare, limits.rssBytes) }),
            // Streams come and go: it is what the server holds beside them that must not grow.
            Curve(
                name: "descriptors beside the streams", unit: "", scale: 1,
                value: { sample in sample.descriptors.map { Double($0 - sample.streams) } },
                limit: { _ in limits.descriptors }),
            Curve(
                name: "threads", unit: "", scale: 1, value: { $0.threads.map(Double.init) },
                limit: { _ in limits.threads }),
            Curve(
                name: "database", unit: " MB", scale: 1e6,
                value: { $0.fileBytes?[SoakRun.database].map(Double.init) },
                limit: { min($0 * limits.databaseShare, limits.databaseBytes) }),
            Curve(
                name: "p99 of a second", unit: " ms", scale: 1000, isJudged: limits.judgesLatency,
                value: { $0.eventsPerS > 0 ? $0.p99Us : nil },
                limit: { $0 * (limits.latencyFactor - 1) + limits.latencyUs }),
        ]
        return curves.map { finding($0, samples) } + [writeAhead(samples)]
    }

    private func writeAhead(_ samples: [Sample]) -> SoakFinding {
        let largest = Double(samples.compactMap { $0.fileBytes?[SoakRun.writeAheadLog] }.max() ?? 0)
        return finding(
            "write-ahead log", holds: largest <= limits.writeAheadBytes,
            "at most \(Figure.text(largest / 1e6)) MB; allowed \(Figure.text(limits.writeAheadBytes / 1e6)) MB")
    }

    private func finding(_ curve: Curve, _ samples: [Sample]) -> SoakFinding {
        let points = samples.compactMap { sample in curve.value(sample).map { (atS: sample.atS, value: $0) } }
        guard let trend = Trend(points) else {
            return finding(curve.name, holds: false, isJudged: curve.isJudged, "too few samples: \(points.count)")
        }
        let limit = curve.limit(trend.firstQuarter)
        func figure(_ value: Double) -> String { Figure.text(value / curve.scale) + curve.unit }
        let text = """
            \(figure(trend.firstQuarter)) in the first quarter, \(figure(trend.lastQuarter)) in the last, \
            the line grows by \(figure(trend.lineGrowth)) (\(figure(trend.slopePerHour)) an hour); allowed \(figure(limit))
            """
        var result = finding(curve.name, holds: trend.growth <= limit, isJudged: curve.isJudged, text)
        result.trend = trend
        return result
    }

    // MARK: The server

    private func ends(_ server: SoakedServer) -> [SoakFinding] {
        let left = server.descriptorsAfter - server.descriptorsBefore
        return [
            finding(
                "descriptors afterwards", holds: left <= limits.descriptorsLeft,
                "\(server.descriptorsBefore) before the first stream, \(server.descriptorsAfter) after the last; allowed \(limits.descriptorsLeft) more"
            ),
            finding(
                "log", holds: server.errorCount == 0,
                server.errorCount == 0
                    ? "no error, \(server.warningCount) warnings"
                    : "\(server.errorCount) errors: \(server.errorLines.joined(separator: " / "))"),
            finding(
                "server", holds: server.endedByItself == nil && server.endedCleanly,
                server.endedByItself ?? "ran to the end, and then ended with \(server.ending)"),
        ]
    }

    private func finding(_ name: String, holds: Bool, isJudged: Bool = true, _ text: String) -> SoakFinding {
        SoakFinding(name: name, text: text.isEmpty ? "nothing" : text, holds: holds, isJudged: isJudged, trend: nil)
    }
}
