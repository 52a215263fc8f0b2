/// Where and when it was measured, as a table: what has to be known before a figure is compared with one from elsewhere. Pure.
struct MachineSection {
    let results: Results

    var text: String {
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
            "p50 \(Figure.text(results.disk.p50Us)) µs, p99 \(Figure.text(results.disk.p99Us)) µs, of \(results.disk.count), on \(results.disk.fileSystem ?? "a file system that was not recorded")",
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
}
