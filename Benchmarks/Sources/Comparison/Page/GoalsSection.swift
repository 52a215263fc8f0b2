/// The table of goals: each with its figure, the yardstick's quotient and what became of it. Pure.
struct GoalsSection {
    let results: Results

    var text: String {
        var table = MarkdownTable([
            "what", "scenario", "goal", "Millstream", "÷ yardstick", "met?", "host took", "others",
        ])
        var row = ""
        for goal in GoalTable.all {
            let finding = Finding(goal, in: results)
            let what = goal.what + starts(goal)
            let name = goal.row == row ? what : "**\(goal.row)**: \(what)"
            row = goal.row
            let unit = goal.metric.unit.isEmpty ? "" : " \(goal.metric.unit)"
            table.add([
                name, scenario(goal), goal.text,
                finding.figure.map { Figure.text($0) + unit } ?? "–",
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
            row, the generator's included, what the host gave to others (steal, the median of the rounds). *Scenario*: the file under `Benchmarks/Scenarios`, \
            `start` apart; the same quantity under another scenario is another figure.

            Durable figures belong to a disk whose `fdatasync` takes \(Figure.text(results.disk.p50Us / 1000)) ms (median) and \
            \(Figure.text(results.disk.p99Us / 1000)) ms (p99) after an append of 4 KiB. That is the whole system call: it writes the block and the file's new \
            size, then has the disk flush. The flushes in the rows are the last part alone, as the kernel counts it for the block device.

            *The same, less that of a run without the six*: `stalled-readers-control` in the same round. What a fresh server takes under any load \
            (the writer's page cache, SQLite's log, the allocator) is in both.
            """
    }

    /// Empty where nothing is run for it.
    private func scenario(_ goal: Goal) -> String {
        goal.missing == nil && goal.metric.title != Metrics.binarySize.title ? "`\(goal.scenario)`" : ""
    }

    /// How many the figure is the median of, where that is not a round each.
    private func starts(_ goal: Goal) -> String {
        guard goal.scenario == StartTimes.scenario, goal.metric.title == Metrics.start.title else { return "" }
        let count = results.runs(of: StartTimes.scenario, by: ServerCatalog.ours).compactMap(\.startsMs?.count)
            .reduce(0, +)
        return count > 0 ? ", \(count) starts before the first round" : ""
    }

    private func quotient(_ finding: Finding) -> String {
        guard let ratio = finding.ratio, let yardstick = finding.goal.yardstick else { return "" }
        return "\(Figure.text(ratio)) × \(yardstick.title)"
    }
}
