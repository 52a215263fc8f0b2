import Load

// Which figures become which pictures. A picture whose figures nobody measured is left out. Pure.

struct Picture: Sendable {
    static let soakFile = "soak.svg"
    /// Of all pictures that there can be.
    static let files: Set<String> = [
        "cpu-per-delivery.svg", "memory-per-stream.svg", "opens.svg", "overload.svg", "latency.svg", "scaling.svg",
        soakFile,
    ]

    var file: String
    var caption: String
    var drawing: Drawing
    var isOfSoak: Bool { file == Self.soakFile }

    static func all(_ results: Results, soak: LoadReport?) -> [Picture] {
        [
            bars(
                results, "cpu-per-delivery.svg", "CPU per delivery",
                "µs of the server's CPU; 5 events a second to 10,000 streams; less is better",
                ScenarioNames.fanOut, Metrics.cpuPerDelivery, .linear),
            bars(
                results, "memory-per-stream.svg", "Memory per idle stream",
                "resident bytes, 10,000 streams; logarithmic; less is better", ScenarioNames.opens,
                Metrics.bytesPerStream, .logarithmic),
            bars(
                results, "opens.svg", "Streams opened per second",
                "10,000 streams, one after the other and 128 under way; more is better",
                ScenarioNames.opens, Metrics.opensPerS, .linear),
            bars(
                results, "overload.svg", "Deliveries per second under overload",
                "100 events a second to 10,000 streams; more is better", ScenarioNames.overload, Metrics.deliveriesPerS,
                .linear),
            latency(results), scaling(results), soak.flatMap(Self.soak),
        ].compactMap { $0 }
    }

    private static func bars(
        _ results: Results, _ file: String, _ title: String, _ subtitle: String, _ scenario: String, _ metric: Metric,
        _ scale: Scale.Kind
    ) -> Picture? {
        let bars = results.servers.compactMap { server in
            metric.spread(scenario, server.name, in: results).map {
                BarChart.Bar(label: server.title, spread: $0, kind: SeriesKind(server: server.name))
            }
        }
        guard !bars.isEmpty else { return nil }
        let sorted = bars.sorted { $0.spread.median < $1.spread.median }
        let chart = BarChart(title: title, subtitle: subtitle, scale: scale, bars: sorted)
        return Picture(file: file, caption: title, drawing: chart.drawing)
    }

    private static func latency(_ results: Results) -> Picture? {
        let loads: [(String, String)] = [
            (ScenarioNames.jobEmission, "jobs, workers blocked"),
            (ScenarioNames.channelEmission, "channels, workers blocked"),
            (ScenarioNames.busyEmission, "channels, workers busy"),
            (ScenarioNames.runningJobs, "200 running jobs"), (ScenarioNames.stalled, "beside stalled readers"),
            (ScenarioNames.fanOut, "5/s to 10,000 streams"), (ScenarioNames.channels, "on 10,000 channels"),
        ]
        let rows = loads.flatMap { scenario, words in
            results.servers.compactMap { server -> PercentileChart.Row? in
                let median = { (metric: Metric) in metric.spread(scenario, server.name, in: results)?.median }
                guard let p50 = median(Metrics.p50), let p99 = median(Metrics.p99),
                    let slowest = median(Metrics.slowest), p50 > 0
                else { return nil }
                return PercentileChart.Row(
                    label: "\(server.title): \(words)", p50: p50, p99: p99, max: slowest,
                    kind: SeriesKind(server: server.name))
            }
        }
        guard !rows.isEmpty else { return nil }
        let chart = PercentileChart(
            title: "Latency", subtitle: "from emission to the client; logarithmic; medians of the rounds", rows: rows)
        return Picture(file: "latency.svg", caption: "Latency", drawing: chart.drawing)
    }

    private static func scaling(_ results: Results) -> Picture? {
        let curves = results.servers.compactMap { server -> LinePanel.Curve? in
            let points = ScenarioNames.scaling.compactMap { streams, scenario in
                Metrics.cpuPerDelivery.spread(scenario, server.name, in: results).map {
                    (x: Double(streams), y: $0.median)
                }
            }
            guard points.count > 1 else { return nil }
            return LinePanel.Curve(
                label: server.title, points: points, kind: SeriesKind(server: server.name), hasMarks: true)
        }
        guard !curves.isEmpty else { return nil }
        let values = curves.flatMap { $0.points.map(\.y) }
        let panel = LinePanel(
            title: "µs of CPU per delivery", curves: curves, x: .linear(upTo: 20_000),
            y: .linear(upTo: values.max() ?? 1),
            xTicks: ScenarioNames.scaling.map { Double($0.0) }, xTitle: "open streams")
        let stack = PanelStack(
            title: "Cost as it grows", subtitle: "5 events a second to more and more streams",
            panels: [panel], panelHeight: 260)
        return Picture(file: "scaling.svg", caption: "Cost as it grows", drawing: stack.drawing)
    }

    static func soak(_ soak: LoadReport) -> Picture? {
        let samples = SoakSection.steady(soak)
        guard let first = samples.first, let last = samples.last, last.atS > first.atS else { return nil }
        let inMinutes = last.atS - first.atS > 300
        let time = { (sample: Sample) in (sample.atS - first.atS) / (inMinutes ? 60 : 1) }
        let x = Scale.linear(upTo: time(last))
        let panel = { (title: String, value: (Sample) -> Double?) -> LinePanel? in
            let points = samples.compactMap { sample in value(sample).map { (x: time(sample), y: $0) } }
            guard points.count > 1, let largest = points.map(\.y).max() else { return nil }
            let curve = LinePanel.Curve(label: "", points: points, kind: .ours, hasMarks: false)
            return LinePanel(
                title: title, curves: [curve], x: x, y: .linear(upTo: largest), xTicks: nil,
                xTitle: inMinutes ? "minutes" : "seconds")
        }
        let panels = [
            panel("resident memory, MB") { $0.rssBytes.map { Double($0) / 1e6 } },
            panel("open descriptors") { $0.descriptors.map(Double.init) },
            panel("p99 of each second, ms") { $0.eventsPerS > 0 ? $0.p99Us / 1000 : nil },
        ].compactMap { $0 }
        guard !panels.isEmpty else { return nil }
        let stack = PanelStack(
            title: "Soak", subtitle: "streams come and go, jobs run, readers stall, cursors resume", panels: panels,
            panelHeight: 150)
        return Picture(file: soakFile, caption: "Soak", drawing: stack.drawing)
    }
}
