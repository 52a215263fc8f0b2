// Where another server's median is better than ours, in every row of the page: the other side of the table of goals, so that nobody has
// to look for it there. Pure.

struct AheadSection {
    let results: Results

    /// One server in one row.
    struct Lead {
        var server: ServerFacts
        var median: Double
        /// How many times better; nil where one of both figures is 0 or less.
        var factor: Double?
        /// The rounds of both share values: another comparison may say the opposite.
        var isWithinTheRounds: Bool
        var hasFaults: Bool
    }

    struct Row {
        var title: String
        var scenario: String
        var metric: Metric
        var ours: Spread
        /// The furthest ahead first.
        var leads: [Lead]
    }

    /// Every figure of the page that tells of the server and that we have; no leads yet.
    private var figures: [Row] {
        let goals = GoalTable.all.map { (title: "**\($0.row)**: \($0.what)", scenario: $0.scenario, metric: $0.metric) }
        let lines = SideBySideSection.lines.map { (title: $0.title, scenario: $0.scenario, metric: $0.metric) }
        var seen: Set<String> = []
        return (goals + lines).compactMap { title, scenario, metric in
            guard !metric.isOfTheMachine, seen.insert("\(scenario) \(metric.title)").inserted,
                let ours = metric.spread(scenario, ServerCatalog.ours, in: results)
            else { return nil }
            return Row(title: title, scenario: scenario, metric: metric, ours: ours, leads: [])
        }
    }

    /// Those in which one of these servers is ahead.
    func rows(of servers: [ServerFacts]) -> [Row] {
        figures.compactMap { row in
            var row = row
            row.leads = servers.compactMap { lead(of: $0, row.scenario, row.metric, before: row.ours) }
                .sorted { ($0.factor ?? .infinity) > ($1.factor ?? .infinity) }
            return row.leads.isEmpty ? nil : row
        }
    }

    private func lead(of server: ServerFacts, _ scenario: String, _ metric: Metric, before ours: Spread) -> Lead? {
        guard let theirs = metric.spread(scenario, server.name, in: results),
            metric.better == .more ? theirs.median > ours.median : theirs.median < ours.median
        else { return nil }
        let (above, below) = metric.better == .more ? (theirs.median, ours.median) : (ours.median, theirs.median)
        return Lead(
            server: server, median: theirs.median, factor: above > 0 && below > 0 ? above / below : nil,
            isWithinTheRounds: ours.min <= theirs.max && theirs.min <= ours.max,
            hasFaults: !Finding.remarks(on: server.name, under: scenario, in: results).isEmpty)
    }

    /// In how many rows one of these was measured beside ours.
    private func compared(_ servers: [ServerFacts]) -> Int {
        figures.filter { row in
            servers.contains { row.metric.spread(row.scenario, $0.name, in: results) != nil }
        }.count
    }

    /// Nil for a quick run: it says nothing of speed.
    var text: String? {
        guard !results.isQuick else { return nil }
        let others = results.servers.filter { $0.name != ServerCatalog.ours }
        let servers = others.filter { Yardstick(rawValue: $0.name) == nil }
        let yardsticks = others.filter { Yardstick(rawValue: $0.name) != nil }
        return """
            ## Where another server is ahead

            By the medians; *n* × is how many times better it is than Millstream. *~*: the rounds of both overlap, so that another comparison may \
            say the opposite.

            \(list(of: servers, "Another server"))

            \(list(of: yardsticks, "A yardstick, which nobody would run,"))\(lacks(of: others))
            """
    }

    private func list(of servers: [ServerFacts], _ who: String) -> String {
        let rows = rows(of: servers)
        let count = "\(who) is ahead in \(rows.count) of the \(compared(servers)) rows in which one was measured"
        return rows.isEmpty ? "\(count)." : "\(count):\n\n" + rows.map(Self.line).joined(separator: "\n")
    }

    private func lacks(of servers: [ServerFacts]) -> String {
        let leading = Set(rows(of: servers).flatMap(\.leads).map(\.server.name))
        let lines = servers.filter { leading.contains($0.name) }.compactMap { server in
            ServerLacks.text(of: server.name).map { "- \(server.title): \($0)." }
        }
        guard !lines.isEmpty else { return "" }
        return "\n\nWhat those that are ahead do not do, and Millstream does in the same rows:\n\n"
            + lines.joined(separator: "\n")
    }

    private static func line(_ row: Row) -> String {
        let leads = row.leads.map { lead in
            let about = lead.isWithinTheRounds ? "~" : ""
            let figure =
                lead.factor.map { "\(about)\(Figure.text($0)) ×" }
                ?? about + Figure.text(lead.median, row.metric.unit)
            return "\(lead.server.title) \(figure)\(lead.hasFaults ? " (with faults)" : "")"
        }
        let ours = Figure.text(row.ours.median, row.metric.unit)
        return "- \(row.title) (`\(row.scenario)`), Millstream \(ours): \(leads.joined(separator: ", "))"
    }
}
