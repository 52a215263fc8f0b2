// The texts of the queries that list jobs. Each names its index, because the planner, which knows no counts, would guess.

import MillstreamJournal

enum JobLists {
    /// Newest first. Parameters: 1 text length, 2 refs below, 3 limit, 4 state, 5 kind, 6 owner.
    static func sql(_ filter: JobFilter) -> String {
        switch (filter.owner != nil, filter.kind != nil, filter.state != nil) {
        case (false, false, false):
            "SELECT \(JobRow.columns) FROM jobs WHERE ref < ?2 ORDER BY ref DESC LIMIT ?3"
        case (false, false, true): newest("jobs_by_state", "state = ?4")
        case (false, true, true): newest("jobs_by_kind", "kind = ?5 AND state = ?4")
        case (true, false, true): newest("jobs_by_owner", "owner = ?6 AND state = ?4")
        case (true, true, true): newest("jobs_by_owner_kind", "owner = ?6 AND kind = ?5 AND state = ?4")
        case (false, true, false): newestOfStates("jobs_by_kind", "kind = ?5")
        case (true, false, false): newestOfStates("jobs_by_owner", "owner = ?6")
        case (true, true, false): newestOfStates("jobs_by_owner_kind", "owner = ?6 AND kind = ?5")
        }
    }

    /// By ref ascending. Parameters: 1 text length, 2 refs above, 3 limit.
    static let live = merged(
        "jobs_by_state", JobState.allCases.filter { !$0.isTerminal }.map { "state = \($0.rawValue) AND ref > ?2" },
        "ASC")

    /// By end time ascending. Parameters: 1 text length, 2 ended before, 3 limit.
    static let finished = """
        SELECT \(JobRow.columns) FROM jobs INDEXED BY jobs_by_end
        WHERE state >= \(JobState.completed.rawValue) AND finished_at < ?2 ORDER BY finished_at, ref LIMIT ?3
        """

    static let liveCount = """
        SELECT count(*) FROM jobs INDEXED BY jobs_by_state WHERE state < \(JobState.completed.rawValue)
        """

    private static func newest(_ index: String, _ condition: String) -> String {
        """
        SELECT \(JobRow.columns) FROM jobs INDEXED BY \(index)
        WHERE \(condition) AND ref < ?2 ORDER BY ref DESC LIMIT ?3
        """
    }

    private static func newestOfStates(_ index: String, _ condition: String) -> String {
        merged(index, JobState.allCases.map { "\(condition) AND state = \($0.rawValue) AND ref < ?2" }, "DESC")
    }

    /// The first of several short lists, each read from the index in the order of refs.
    private static func merged(_ index: String, _ conditions: [String], _ order: String) -> String {
        let lists = conditions.map { condition in
            "SELECT ref FROM (SELECT ref FROM jobs INDEXED BY \(index) WHERE \(condition) ORDER BY ref \(order) LIMIT ?3)"
        }
        return """
            SELECT \(JobRow.columns) FROM jobs WHERE ref IN (\(lists.joined(separator: " UNION ALL ")))
            ORDER BY ref \(order) LIMIT ?3
            """
    }
}
