/// What any SSE server can be asked for, a column for each. Pure.
struct SideBySideSection {
    let results: Results

    struct Line {
        var title: String
        var scenario: String
        var metric: Metric
    }

    static let lines: [Line] = [
        // Bytes are those of the run that opens: the peers are asked for no other.
        Line(
            title: "bytes per stream, 10,000 just opened from one address", scenario: ScenarioNames.opens,
            metric: Metrics.bytesPerStream),
        Line(title: "opens per second", scenario: ScenarioNames.opens, metric: Metrics.opensPerS),
        Line(
            title: "5 events/s to 10,000: CPU µs per delivery", scenario: ScenarioNames.fanOut,
            metric: Metrics.cpuPerDelivery),
        Line(title: "5 events/s to 10,000: p99, ms", scenario: ScenarioNames.fanOut, metric: Metrics.p99),
        Line(
            title: "overload: deliveries/s, 100 events/s to 10,000", scenario: ScenarioNames.overload,
            metric: Metrics.deliveriesPerS),
        Line(
            title: "10,000 channels: CPU µs per delivery", scenario: ScenarioNames.channels,
            metric: Metrics.cpuPerDelivery),
        Line(
            title: "10,000 channels: bytes per stream, its log included", scenario: ScenarioNames.channels,
            metric: Metrics.bytesPerStream),
        Line(
            title: "six stalled readers: growth in the second ten seconds, MB", scenario: ScenarioNames.stalled,
            metric: Metrics.growth),
        Line(
            title: "six stalled readers: p99 of the others, ms", scenario: ScenarioNames.stalled, metric: Metrics.p99),
        Line(
            title: "200 jobs, an event each 50 ms: p50, ms", scenario: ScenarioNames.runningJobs,
            metric: Metrics.jobEventP50),
        Line(
            title: "200 jobs, an event each 50 ms: p99, ms", scenario: ScenarioNames.runningJobs,
            metric: Metrics.jobEventP99),
        Line(
            title: "10,000 durable events/s from jobs: p99, ms", scenario: ScenarioNames.jobEmission,
            metric: Metrics.p99),
        Line(
            title: "jobs created and run per second", scenario: ScenarioNames.createsAndRuns,
            metric: Metrics.createdPerS),
        Line(
            title: "whole jobs per second, two cores", scenario: ScenarioNames.wholeJobs,
            metric: Metrics.completedPerS),
        Line(title: "whole jobs: CPU ms per job", scenario: ScenarioNames.wholeJobs, metric: Metrics.cpuPerJob),
        Line(
            title: "2,000 running jobs: bytes per stream, job included", scenario: ScenarioNames.jobMemory,
            metric: Metrics.bytesPerJobStream),
    ]

    var text: String {
        var table = MarkdownTable(["", "scenario"] + results.servers.map(\.title))
        for line in Self.lines {
            table.add(
                [line.title, "`\(line.scenario)`"]
                    + results.servers.map {
                        line.metric.spread(line.scenario, $0.name, in: results).map { Figure.text($0) } ?? ""
                    })
        }
        let versions = results.servers.map { "\($0.title): \($0.version)" }.joined(separator: " · ")
        return """
            ## Side by side

            \(table.text)

            \(versions)
            """
    }
}
