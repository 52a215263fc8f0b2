// No query of the store walks a table: each statement's plan is looked at, with the tables as empty as they are.

import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJournalSQLite

@Suite struct QueryPlanTests {
    @Test func noStatementScansATable() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            var batches = RandomBatches(random: SeededRandom(seed: 11))
            var model = JournalModel()
            for _ in 0..<150 {
                let batch = batches.next(model)
                try store.commit(batch)
                model.apply(batch)
            }
            _ = try Observation(of: store)
            for state in [nil, JobState.failed] {
                for kind in [nil, "x"] {
                    for owner in [nil, "ann"] {
                        _ = try store.jobs(JobFilter(state: state, kind: kind, owner: owner), before: nil, limit: 1)
                    }
                }
            }
            _ = try store.lastSequence(of: LogRef(1), olderThan: time(.max))
            try store.commit((0..<5000).map { .putIdempotency(makeKey("q\($0)", ref: 1, at: $0)) })
            try store.commit([.expireIdempotency(before: time(5000))])
            while try store.maintain() {}
            let texts = store.connection.preparedTexts.filter { !["BEGIN IMMEDIATE", "COMMIT"].contains($0) }
            #expect(texts.count > 30)
            for text in texts {
                let plan = try store.connection.statement("EXPLAIN QUERY PLAN " + text)
                let steps = try plan.rows { plan.text(3) }
                // A scan in the order of a key, ended by LIMIT, is what the list of all jobs and the next removal are.
                // The constant rows are the sixteen events of one statement.
                let scans = steps.filter {
                    $0.hasPrefix("SCAN") && !$0.contains("(subquery") && $0 != "SCAN removals"
                        && !$0.hasSuffix("CONSTANT ROWS")
                }
                #expect(scans == [], "\(text)")
            }
            store.close()
        }
    }
}
