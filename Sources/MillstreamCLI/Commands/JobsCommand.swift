// `millstream jobs`: lists jobs, the newest first.

import ArgumentParser

struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List jobs, the newest first.",
        discussion: """
            EXAMPLES
              millstream jobs --state in_progress
              millstream jobs --kind resize --limit 1000 --json
            """)

    @Option(
        help: "Only jobs in this state.",
        completion: .list([
            "queued", "scheduled", "in_progress", "input_required", "retrying", "completed", "failed", "cancelled",
        ]))
    var state: String?

    @Option(help: "Only jobs of this kind.")
    var kind: String?

    @Option(help: "Only jobs of this owner.")
    var owner: String?

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("At most so many.", valueName: "count"))
    var limit = 20

    @Flag(help: "Print each job as one line of JSON.")
    var json = false

    @OptionGroup var server: ServerOption

    /// What the server gives at a time.
    private static let pageSize = 500

    func validate() throws {
        guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000000") }
    }

    func run() throws {
        try server.run { client throws(ClientFailure) in
            var table = TextTable(titles: ["ID", "KIND", "STATE", "PROGRESS", "ATTEMPT", "CREATED", "OWNER"])
            var left = limit
            var cursor: String?
            repeat {
                let page = try client.jobs(query(count: min(left, Self.pageSize), cursor: cursor))
                for job in page.jobs.prefix(left) {
                    if json { Output.out(job.text.text) } else { table.add(Self.cells(of: job)) }
                }
                left -= page.jobs.count
                cursor = page.nextCursor
            } while cursor != nil && left > 0
            guard !json else { return 0 }
            for line in table.lines { Output.out(line) }
            if cursor != nil { Output.note("there are more: --limit") }
            return 0
        }
    }

    private func query(count: Int, cursor: String?) -> [(String, String)] {
        let all = [("state", state), ("kind", kind), ("owner", owner), ("limit", "\(count)"), ("cursor", cursor)]
        return all.compactMap { name, value in value.map { (name, $0) } }
    }

    private static func cells(of job: JobSnapshot) -> [String] {
        let state = job.queuePosition.map { "\(job.state) (\($0))" } ?? job.state
        return [
            job.id, job.kind, state, job.progress.map { "\(ProgressBar.whole($0)) %" } ?? "", "\(job.attempt)",
            job.createdAt,
            job.owner,
        ]
    }
}
