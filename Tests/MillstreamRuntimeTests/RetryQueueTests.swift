import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamRuntime

// What is tried after a failed commit, driven without clock and store: the store is a closure.

struct RetryQueueTests {
    private func entries(_ runs: [Int64]) -> [LaneEntry] {
        runs.enumerated().map { index, run in
            let run = JobRun(ref: LogRef(run), id: JobID(trusted: "j"), attempt: 1)
            return LaneEntry(.emit(run, DraftEvent(name: "e\(index)", data: .null)), share: .emission)
        }
    }

    private func names(_ entries: [LaneEntry]) -> [String] {
        entries.compactMap { if case .emit(_, let draft) = $0.command { draft.name } else { nil } }
    }

    private struct Outcome {
        var stored: [String] = []
        var dropped: [String] = []
        var tries = 0
    }

    /// Drives the queue until it is empty, against a store that takes a batch or not.
    private func drive(
        _ queue: inout RetryQueue, maxTries: Int = 10_000, hasCallers: Bool = false, takes: ([String]) -> Bool
    ) -> Outcome {
        var outcome = Outcome()
        while !queue.isEmpty, outcome.tries < maxTries {
            outcome.tries += 1
            // Now and then a caller's command comes; a store that works takes it.
            if hasCallers, outcome.tries % 7 == 0, queue.wantsForeignProbe { queue.foreignProbeSucceeded() }
            if let attempt = queue.nextAttempt() {
                if takes(names(attempt.entries)) {
                    outcome.stored += names(attempt.entries)
                    queue.succeeded(attempt, wasStored: true)
                } else {
                    queue.failed(attempt)
                }
            } else if let attempt = queue.nextQuarantined() {
                if takes(names(attempt.entries)) {
                    outcome.stored += names(attempt.entries)
                    queue.succeeded(attempt, wasStored: true)
                } else if let dropped = queue.failedInQuarantine(attempt, maxFailures: 3, replacement: nil) {
                    outcome.dropped += names([dropped])
                }
            }
        }
        return outcome
    }

    @Test func afterAPassingFaultEverythingIsTriedTogether() {
        var queue = RetryQueue()
        queue.keepOrAdd(entries([1, 2, 3, 1, 2, 3]))
        let outcome = drive(&queue) { _ in true }
        #expect(outcome.tries == 1 && outcome.stored == (0..<6).map { "e\($0)" })
    }

    @Test func aLongFaultOfTheStoreDropsNothingAndKeepsTheOrder() {
        var queue = RetryQueue()
        queue.keepOrAdd(entries([1, 2, 3, 1, 2, 3]))
        var failures = 200
        let outcome = drive(&queue) { _ in
            failures -= 1
            return failures < 0
        }
        #expect(outcome.stored == (0..<6).map { "e\($0)" })
        #expect(outcome.dropped.isEmpty)
    }

    @Test func oneBadEntryIsDroppedAndNothingElse() {
        for bad in 0..<12 {
            var queue = RetryQueue()
            let sources = (0..<12).map { Int64($0 % 3) }
            queue.keepOrAdd(entries(sources))
            let outcome = drive(&queue, hasCallers: true) { !$0.contains("e\(bad)") }
            #expect(outcome.dropped == ["e\(bad)"])
            #expect(Set(outcome.stored).count == 11 && outcome.stored.count == 11)
            // Within one source nothing overtakes.
            for source in 0..<3 {
                let own = outcome.stored.compactMap { Int($0.dropFirst()) }.filter { $0 % 3 == source }
                #expect(own == own.sorted(), "source \(source), bad \(bad): \(outcome.stored)")
            }
            #expect(outcome.tries < 60)
        }
    }

    @Test func arrivalsOfASourceInQuarantineStandBehindIt() {
        var queue = RetryQueue()
        queue.keepOrAdd(entries([1, 2]))
        var seen = 0
        // Until the bad one is put aside.
        while queue.blocksQueue, seen < 50 {
            seen += 1
            guard let attempt = queue.nextAttempt() else { break }
            if names(attempt.entries).contains("e0") {
                queue.failed(attempt)
            } else {
                queue.succeeded(attempt, wasStored: true)
            }
        }
        #expect(queue.hasQuarantine)
        let passed = queue.sift(entries([2, 1, 3]))
        #expect(names(passed) == ["e0", "e2"])
        #expect(queue.removeAll().count == 2)
        #expect(queue.isEmpty)
    }

    @Test func aSuccessWithoutAStoreProvesNothing() {
        var queue = RetryQueue()
        queue.keepOrAdd(entries([1, 2]))
        while let attempt = queue.nextAttempt(), names(attempt.entries).contains("e0") { queue.failed(attempt) }
        let probe = queue.nextAttempt()
        #expect(probe.map { names($0.entries) } == ["e1"])
        if let probe { queue.succeeded(probe, wasStored: false) }
        #expect(!queue.hasQuarantine && queue.blocksQueue)
    }

    @Test func whatArrivesBehindDoesNotBeginTheSearchAnew() {
        var queue = RetryQueue()
        queue.keepOrAdd(entries([1, 2, 3, 4]))
        while let attempt = queue.nextAttempt(), attempt.entries.count > 1 { queue.failed(attempt) }
        queue.keepOrAdd(entries([5, 6, 7]))
        #expect(queue.nextAttempt().map { names($0.entries) } == ["e0"])
    }

    @Test func randomFaultsNeverLoseWhatTheStoreWouldTake() {
        let seed = UInt64.random(in: 0 ... .max)
        print("retry queue, seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            let count = Int.random(in: 1...30, using: &random)
            let sources = (0..<count).map { _ in Int64.random(in: 0..<4, using: &random) }
            let bad = Set((0..<count).filter { _ in Int.random(in: 0..<10, using: &random) == 0 }.map { "e\($0)" })
            var queue = RetryQueue()
            queue.keepOrAdd(entries(sources))
            let outcome = drive(&queue, hasCallers: true) { batch in !batch.contains { bad.contains($0) } }
            #expect(outcome.tries < 10_000)
            #expect(Set(outcome.stored + outcome.dropped).count == count)
            #expect(Set(outcome.dropped).isSubset(of: bad) || sources.count == 1)
            for source in Int64(0)..<4 {
                let own = outcome.stored.compactMap { Int($0.dropFirst()) }.filter { sources[$0] == source }
                #expect(own == own.sorted())
            }
        }
    }
}
