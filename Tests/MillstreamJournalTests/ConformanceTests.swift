// What every store does alike. Each test runs against each store.

import MillstreamJSON
import MillstreamJournal
import Testing

@Suite struct ConformanceTests {
    // MARK: Jobs

    @Test(arguments: StoreKind.allCases)
    func aJobComesBackWithEveryMember(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let job = makeFullJob(1, "j")
            try store.commit([.insertJob(job)])
            #expect(try store.job(JobID("j")!) == job)
            #expect(try store.job(ref: LogRef(1)) == job)
            #expect(try store.job(JobID("other")!) == nil)
            #expect(try store.job(ref: LogRef(2)) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func anUpdateLeavesWhatNeverChanges(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let first = makeJob(1, "j", owner: "ann", input: #"{"big":1}"#)
            try store.commit([.insertJob(first)])
            var changed = makeFullJob(1, "other")
            changed.input = StoredValue(byteCount: 1)
            changed.epoch = Epoch("zzzzzz")!
            try store.commit([.updateJob(changed)])
            var expected = changed
            expected.id = first.id
            expected.kind = first.kind
            expected.input = first.input
            expected.owner = first.owner
            expected.viewers = first.viewers
            expected.createdAt = first.createdAt
            expected.epoch = first.epoch
            #expect(try store.job(first.id) == expected)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aResultWhoseTextIsNotGivenKeepsItsText(_ kind: StoreKind) throws {
        try kind.withStore { store in
            var job = makeJob(1, "j", state: .completed)
            job.result = StoredValue(json("[1,2]"))
            try store.commit([.insertJob(makeJob(1, "j")), .updateJob(job)])
            job.result = StoredValue(byteCount: 5)
            job.revision = 7
            try store.commit([.updateJob(job)])
            #expect(try store.job(job.id)?.result == StoredValue(json("[1,2]")))
            #expect(try store.job(job.id)?.revision == 7)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func anUpdateOfAnUnknownJobChangesNothing(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([.updateJob(makeFullJob(9, "j"))])
            #expect(try store.job(JobID("j")!) == nil)
            #expect(try store.statistics().jobs == 0)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aNewRunTakesTheNameAndEverythingOfTheOldOneGoes(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let publication = Publication(attempt: 1, sequence: 1)
            try store.commit([
                .insertJob(makeJob(1, "j", state: .completed)), .append(LogRef(1), makeEvent(1), publication),
                .appendMessage(LogRef(1), MessageRecord(number: 1, body: json("{}"), time: time(1))),
                .putIdempotency(makeKey("k", ref: 1)),
            ])
            try store.commit([.insertJob(makeJob(2, "j", epoch: "bbbbbb"))])
            #expect(try store.job(JobID("j")!)?.ref == LogRef(2))
            #expect(try store.job(ref: LogRef(1)) == nil)
            #expect(try store.allEvents(1) == [])
            #expect(try store.allEvents(2) == [])
            #expect(try store.sequence(of: publication, in: LogRef(1)) == nil)
            #expect(try store.messages(of: LogRef(1), after: 0, limit: 9) == [])
            #expect(try store.idempotency("k") == nil)
            #expect(try store.jobIDs() == ["j"])
            #expect(try store.jobsFinished(before: time(99_999), limit: 9) == [])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func everyFilterListsItsJobsNewestFirst(_ kind: StoreKind) throws {
        try kind.withStore { store in
            var all: [JobRecord] = []
            for ref in Int64(1)...160 {
                let state = JobState(rawValue: UInt8(ref % 8))!
                let owner = [nil, "ann", "bob"][Int(ref % 3)]
                all.append(makeJob(ref, "j\(ref)", kind: "k\(ref % 2)", state: state, owner: owner))
            }
            try store.commit(all.map { .insertJob($0) })
            for state in [nil, JobState.queued, .failed] {
                for jobKind in [nil, "k0", "k1", "none"] {
                    for owner in [nil, "ann", "none"] {
                        for before in [nil, Int64(80), 1] {
                            let filter = JobFilter(state: state, kind: jobKind, owner: owner)
                            let expected = all.reversed().filter { job in
                                job.ref.number < before ?? .max && (state == nil || job.state == state)
                                    && (jobKind == nil || job.kind == jobKind) && (owner == nil || job.owner == owner)
                            }
                            let found = try store.jobIDs(filter, before: before, limit: 7)
                            #expect(found == expected.prefix(7).map(\.id.text))
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aListLeavesLongTextsOut(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let long = "\"" + String(repeating: "x", count: 16 * 1024) + "\""
            let longest = "\"" + String(repeating: "x", count: 16 * 1024 - 2) + "\""
            var job = makeJob(1, "j", state: .completed, input: long)
            job.result = StoredValue(json(longest))
            try store.commit([.insertJob(job)])
            let listed = try #require(try store.jobs(JobFilter(), before: nil, limit: 1).first)
            #expect(listed.input == StoredValue(byteCount: 16 * 1024 + 2))
            #expect(listed.result == job.result)
            #expect(try store.job(job.id) == job)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func liveJobsComeByRefAndEndedOnesByTheirEnd(_ kind: StoreKind) throws {
        try kind.withStore { store in
            var ended = makeJob(2, "b", state: .completed)
            ended.finishedAt = time(900)
            let refs: [(Int64, String, JobState)] = [(1, "a", .failed), (3, "c", .retrying), (4, "d", .queued)]
            try store.commit([.insertJob(ended)] + refs.map { .insertJob(makeJob($0.0, $0.1, state: $0.2)) })
            #expect(try store.liveJobs(after: LogRef(0), limit: 9).map(\.id.text) == ["c", "d"])
            #expect(try store.liveJobs(after: LogRef(3), limit: 9).map(\.id.text) == ["d"])
            #expect(try store.liveJobs(after: LogRef(0), limit: 1).map(\.id.text) == ["c"])
            #expect(try store.jobsFinished(before: time(9999), limit: 9).map(\.id.text) == ["b", "a"])
            #expect(try store.jobsFinished(before: time(9999), limit: 1).map(\.id.text) == ["b"])
            #expect(try store.jobsFinished(before: time(900), limit: 9) == [])
            #expect(try store.statistics().liveJobs == 2)
        }
    }

    // MARK: Events

    @Test(arguments: StoreKind.allCases)
    func eventsComeInOrderAndBounded(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([.insertJob(makeJob(1, "j"))] + makeEvents(1, 1...10))
            let log = LogRef(1)
            #expect(try store.allEvents(1) == (1...10).map { makeEvent($0) })
            #expect(try store.events(of: log, after: 4, limit: 3, maxBytes: .max).map(\.sequence) == [5, 6, 7])
            #expect(try store.events(of: log, after: 0, limit: 9, maxBytes: 14).map(\.sequence) == [1, 2])
            #expect(try store.events(of: log, after: 0, limit: 9, maxBytes: 15).map(\.sequence) == [1, 2, 3])
            #expect(try store.events(of: log, after: 0, limit: 9, maxBytes: 0).map(\.sequence) == [1])
            #expect(try store.events(of: log, after: 0, limit: 0, maxBytes: 100) == [])
            #expect(try store.events(of: log, after: 10, limit: 9, maxBytes: 100) == [])
            #expect(try store.events(of: log, after: .max, limit: 9, maxBytes: 100) == [])
            #expect(try store.allEvents(2) == [])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func eventDataIsKeptByteForByte(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let texts = [
                "null", "1.50e+3", #""\u0000\ud83d é 😀""#, "\"" + String(repeating: "y", count: 300_000) + "\"",
            ]
            let events = texts.enumerated().map { makeEvent(Int64($0.offset + 1), "a.b:c-d_e", data: $0.element) }
            try store.commit(events.map { .append(LogRef(5), $0, nil) })
            #expect(try store.allEvents(5) == events)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func trimmedEventsAreGoneAndTheOthersStay(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([.putChannel(makeChannel(1, "c", last: 10))] + makeEvents(1, 1...10))
            try store.commit([.trim(LogRef(1), through: 4), .putChannel(makeChannel(1, "c", last: 10, trimmed: 4))])
            #expect(try store.allEvents(1).map(\.sequence) == Array(5...10))
            #expect(try store.firstEvent(of: LogRef(1))?.sequence == 5)
            #expect(try store.channel("c")?.trimmedThrough == 4)
            try store.commit([.trim(LogRef(1), through: 10)])
            #expect(try store.allEvents(1) == [])
            #expect(try store.firstEvent(of: LogRef(1)) == nil)
            try store.commit(makeEvents(1, 11...12))
            #expect(try store.allEvents(1).map(\.sequence) == [11, 12])
            #expect(try store.statistics().events == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func theLastEventOlderThanATimeIsFound(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let times: [Int64] = [10, 10, 20, 30, 30, 30, 50]
            try store.commit(
                times.enumerated().map { .append(LogRef(1), makeEvent(Int64($0.offset + 4), at: $0.element), nil) })
            for (limit, expected) in [(10, nil), (11, 5), (20, 5), (21, 6), (30, 6), (31, 9), (50, 9), (51, 10)] {
                #expect(
                    try store.lastSequence(of: LogRef(1), olderThan: time(Int64(limit))) == expected.map(Int64.init))
            }
            #expect(try store.lastSequence(of: LogRef(2), olderThan: time(99)) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aPublicationIsKnownEvenWhenItsEventWasTrimmed(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let log = LogRef(1)
            try store.commit([
                .insertJob(makeJob(1, "j")), .append(log, makeEvent(1), Publication(attempt: 1, sequence: 1)),
                .append(log, makeEvent(2), Publication(attempt: 2, sequence: 1)),
            ])
            try store.commit([.trim(log, through: 2)])
            #expect(try store.sequence(of: Publication(attempt: 1, sequence: 1), in: log) == 1)
            #expect(try store.sequence(of: Publication(attempt: 2, sequence: 1), in: log) == 2)
            #expect(try store.sequence(of: Publication(attempt: 2, sequence: 2), in: log) == nil)
            #expect(try store.sequence(of: Publication(attempt: 1, sequence: 1), in: LogRef(2)) == nil)
            try store.commit([.removeJob(log)])
            #expect(try store.sequence(of: Publication(attempt: 1, sequence: 1), in: log) == nil)
        }
    }

    // MARK: The rest

    @Test(arguments: StoreKind.allCases)
    func messagesComeInOrder(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let messages = (1...5).map {
                MessageRecord(number: $0, body: json(#"{"input":\#($0)}"#), time: time(Int64($0)))
            }
            try store.commit([.insertJob(makeJob(1, "j"))] + messages.map { .appendMessage(LogRef(1), $0) })
            #expect(try store.messages(of: LogRef(1), after: 0, limit: 9) == messages)
            #expect(try store.messages(of: LogRef(1), after: 2, limit: 2).map(\.number) == [3, 4])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aChannelIsPutAndPutAgain(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let first = makeChannel(3, "c")
            try store.commit([.append(LogRef(3), makeEvent(1), nil), .putChannel(first)])
            var second = makeChannel(3, "c", last: 1)
            second.logBytes = 7
            try store.commit([.putChannel(second), .putChannel(makeChannel(7, "d"))])
            #expect(try store.channel("c") == second)
            #expect(try store.channel("x") == nil)
            #expect(try store.channels(after: LogRef(0), limit: 9).map(\.name) == ["c", "d"])
            #expect(try store.channels(after: LogRef(3), limit: 9).map(\.name) == ["d"])
            #expect(try store.highestRef == LogRef(7))
            try store.commit([.removeChannel(LogRef(3))])
            #expect(try store.channel("c") == nil)
            #expect(try store.allEvents(3) == [])
            #expect(try store.statistics().channels == 1)
            #expect(try store.statistics().events == 0)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func idempotencyKeysExpireAndGoWithTheirJob(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([
                .insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b")),
                .putIdempotency(makeKey("old", ref: 1, at: 10)),
                .putIdempotency(makeKey("new", ref: 1, at: 20)), .putIdempotency(makeKey("kept", ref: 2, at: 20)),
            ])
            #expect(try store.idempotency("old") == makeKey("old", ref: 1, at: 10))
            try store.commit([.expireIdempotency(before: time(20))])
            #expect(try store.idempotency("old") == nil)
            #expect(try store.idempotency("new") != nil)
            try store.commit([.removeJob(LogRef(1))])
            #expect(try store.idempotency("new") == nil)
            #expect(try store.idempotency("kept") != nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aKeyThatWasTakenOverStaysWithItsNewJob(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([
                .insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b")), .putIdempotency(makeKey("k", ref: 1)),
                .putIdempotency(makeKey("k", ref: 2)), .removeJob(LogRef(1)),
            ])
            #expect(try store.idempotency("k") == makeKey("k", ref: 2))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func anUploadIsUnusedWhenOldOrWhenItsLastJobIsGone(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([
                .putUpload(makeUpload("old", at: 10)), .putUpload(makeUpload("young", at: 90)),
                .putUpload(makeUpload("used", at: 10)), .insertJob(makeJob(1, "a")), .insertJob(makeJob(2, "b")),
                .useUpload("used", LogRef(1)), .useUpload("used", LogRef(2)), .useUpload("unknown", LogRef(1)),
            ])
            func unused(_ before: Int64, _ limit: Int = 9) throws -> [String] {
                try store.unusedUploads(before: time(before), limit: limit).map(\.id)
            }
            #expect(try store.upload("used") == makeUpload("used", at: 10))
            #expect(try store.upload("unknown") == nil)
            #expect(try unused(50) == ["old"])
            #expect(try unused(99) == ["old", "young"])
            #expect(try unused(99, 1) == ["old"])
            try store.commit([.removeJob(LogRef(1))])
            #expect(try unused(5) == [])
            try store.commit([.removeJob(LogRef(2))])
            #expect(try unused(5) == ["used"])
            try store.commit([.insertJob(makeJob(3, "c")), .useUpload("used", LogRef(3))])
            #expect(try unused(5) == [])
            try store.commit([.removeUpload("used"), .removeUpload("old")])
            #expect(try store.upload("used") == nil)
            #expect(try unused(99) == ["young"])
        }
    }

    // MARK: Batches

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
