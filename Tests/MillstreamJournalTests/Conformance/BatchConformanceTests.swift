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
    func eventsGoWithWhatStandsBehindThemInTheirBatch(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([
                .insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b")), .putChannel(makeChannel(3, "c")),
            ])
            var ended = makeJob(1, "a", state: .completed)
            ended.lastSequence = 9
            var channel = makeChannel(3, "c")
            channel.lastSequence = 20
            // Fewer events than are stored together, in front of what takes them away again: a new run under the name, a trim, a
            // removal.
            try store.commit(
                makeEvents(1, 1...8) + [.updateJob(ended)] + makeEvents(1, 9...9) + makeEvents(2, 1...3)
                    + [.insertJob(makeJob(4, "a"))] + makeEvents(4, 1...2) + [.trim(LogRef(2), through: 2)]
                    + makeEvents(3, 1...20) + [.putChannel(channel)] + makeEvents(2, 4...4))
            while try store.maintain() {}
            #expect(try store.allEvents(1).isEmpty)
            #expect(try store.allEvents(2).map(\.sequence) == [3, 4])
            #expect(try store.allEvents(3).map(\.sequence) == Array(1...20))
            #expect(try store.allEvents(4).map(\.sequence) == [1, 2])
            try store.commit(makeEvents(2, 5...6) + [.removeJob(LogRef(2))] + makeEvents(3, 21...22))
            while try store.maintain() {}
            #expect(try store.allEvents(2).isEmpty)
            #expect(try store.statistics().events == 24)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aLongRunOfEventsIsStoredLikeEachAlone(_ kind: StoreKind) throws {
        try kind.withStore { store in
            // Names and data of all lengths that lie differently in memory, two logs in turns, 53 events in a row.
            let events = (Int64(1)...53).map { number in
                let text = String(repeating: "é", count: Int(number) % 5 * 9)
                return makeEvent(number, String(repeating: "n", count: Int(number)), data: "\"\(text)\"")
            }
            var batch: [JournalMutation] = [.insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b"))]
            for event in events {
                let publication = Publication(attempt: 1, sequence: event.sequence)
                batch.append(.append(LogRef(1), event, event.sequence.isMultiple(of: 3) ? publication : nil))
                batch.append(.append(LogRef(2), event, nil))
            }
            try store.commit(batch)
            #expect(try store.allEvents(1) == events)
            #expect(try store.allEvents(2) == events)
            #expect(try store.statistics().events == 106)
            #expect(try store.sequence(of: Publication(attempt: 1, sequence: 51), in: LogRef(1)) == 51)
            #expect(try store.sequence(of: Publication(attempt: 1, sequence: 52), in: LogRef(1)) == nil)
            // The second of two equal numbers lies within a run.
            let wrong = makeEvents(1, 54...60) + makeEvents(1, 58...80)
            #expect(throws: JournalError.self) { try store.commit(wrong) }
            #expect(try store.allEvents(1) == events)
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
