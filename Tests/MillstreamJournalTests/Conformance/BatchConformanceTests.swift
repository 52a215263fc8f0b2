// What every store does alike with batches, readers and its end. Each test runs against each store.

import MillstreamJSON
import MillstreamJournal
import Testing

@Suite struct BatchConformanceTests {
    @Test(arguments: StoreKind.allCases)
    func aRefusedBatchLeavesNothingBehind(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit(
                [
                    .insertJob(makeFullJob(1, "a")), .insertJob(makeJob(2, "b")), .putUpload(makeUpload("u")),
                    .useUpload("u", LogRef(1)), .putIdempotency(makeKey("k", ref: 1)),
                    .putChannel(makeChannel(3, "c", last: 5)),
                    .appendMessage(LogRef(1), MessageRecord(number: 1, body: json("1"), time: time(1))),
                    .append(LogRef(1), makeEvent(1), Publication(attempt: 1, sequence: 1)),
                ] + makeEvents(3, 1...5))
            let before = try Observation(of: store)
            let changes: [JournalMutation] = [
                .insertJob(makeJob(9, "a")), .updateJob(makeFullJob(2, "b")), .removeChannel(LogRef(3)),
                .putChannel(makeChannel(10, "c")), .putChannel(makeChannel(11, "d")), .trim(LogRef(3), through: 2),
                .append(LogRef(11), makeEvent(1), Publication(attempt: 1, sequence: 1)), .removeUpload("u"),
                .putIdempotency(makeKey("k2", ref: 9)), .expireIdempotency(before: time(9999)),
                .appendMessage(LogRef(2), MessageRecord(number: 1, body: json("1"), time: time(1))),
                .removeJob(LogRef(2)),
            ]
            // The last mutation contradicts the first: the same number twice in one log.
            let wrong = makeEvents(20, 1...1) + changes + makeEvents(20, 1...1)
            let error = #expect(throws: JournalError.self) { try store.commit(wrong) }
            #expect(error?.code == .damaged)
            #expect(try Observation(of: store) == before)
            try store.commit(makeEvents(20, 1...1) + changes)
            #expect(try store.job(JobID("a")!)?.ref == LogRef(9))
            #expect(try store.highestRef == LogRef(11))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func numbersAreNotGivenAgainWhenTheirRowsAreGone(_ kind: StoreKind) throws {
        try kind.withStore { store in
            #expect(try store.highestRef == LogRef(0))
            #expect(try store.highestQueueOrder == 0)
            var job = makeJob(5, "j")
            job.queueOrder = 70
            try store.commit([.insertJob(job)])
            job.queueOrder = 80
            try store.commit([.updateJob(job), .removeJob(LogRef(5))])
            #expect(try store.highestRef == LogRef(5))
            #expect(try store.highestQueueOrder == 80)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aReaderSeesWhatWasCommitted(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([.insertJob(makeJob(1, "j"))] + makeEvents(1, 1...3))
            let reader = try store.makeReader()
            #expect(try reader.job(JobID("j")!)?.ref == LogRef(1))
            try store.commit(makeEvents(1, 4...5))
            #expect(try reader.allEvents(1).count == 5)
            let other = try store.makeReader()
            try store.commit([.removeJob(LogRef(1))])
            #expect(try reader.allEvents(1) == [])
            #expect(try other.job(ref: LogRef(1)) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func readersOnOtherThreadsSeeWholeBatchesOnly(_ kind: StoreKind) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let store = try kind.open(directory)
        try store.commit([.putChannel(makeChannel(1, "c"))])
        // Each batch has ten events, so a reader must never see another number of them.
        let reads = try (0..<2).map { _ in try Reading(from: store) }
        for batch in Int64(0)..<100 {
            try store.commit(makeEvents(1, (batch * 10 + 1)...(batch * 10 + 10)))
        }
        for read in reads { #expect(try await read.counts.allSatisfy { $0 % 10 == 0 }) }
        store.close()
    }

    /// Counts the events of log 1 on a thread of its own until there are a thousand.
    private struct Reading {
        private let task: Task<[Int], any Error>

        init(from store: any JournalStore) throws {
            let reader = try store.makeReader()
            task = Task.detached {
                var counts: [Int] = []
                while counts.last ?? 0 < 1000 { counts.append(try reader.allEvents(1).count) }
                return counts
            }
        }

        var counts: [Int] {
            get async throws { try await task.value }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aClosedStoreSaysSo(_ kind: StoreKind) throws {
        try TemporaryDirectory.with { directory in
            let store = try kind.open(directory)
            store.close()
            store.close()
            func code(_ call: () throws -> Void) -> JournalError.Code? {
                #expect(throws: JournalError.self, performing: call)?.code
            }
            #expect(code { try store.commit([.removeJob(LogRef(1))]) } == .closed)
            #expect(code { _ = try store.job(JobID("j")!) } == .closed)
            #expect(code { _ = try store.allEvents(1) } == .closed)
            #expect(code { _ = try store.highestRef } == .closed)
            #expect(code { _ = try store.maintain() } == .closed)
            #expect(code { _ = try store.makeReader() } == .closed)
            #expect(code { _ = try store.statistics() } == .closed)
        }
    }
}
