// What every store does alike with jobs. Each test runs against each store.

import MillstreamJSON
import MillstreamJournal
import Testing

@Suite struct JobConformanceTests {
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
}
