// Many jobs made in one batch, as a store may put them away together: they come back like jobs that came one by one.

import MillstreamJSON
import MillstreamJournal
import Testing

@Suite struct NewJobConformanceTests {
    /// Jobs as they are made: what differs among them differs by their number.
    private func makeNewJob(_ ref: Int64, _ id: String) -> JobRecord {
        let input = "\"" + String(repeating: "x", count: Int(ref * ref * 3)) + "\""
        var job = makeJob(ref, id, kind: "k\(ref % 3)", owner: ref % 4 == 0 ? "ann" : nil, input: input)
        job.viewers = ref % 5 == 0 ? ["bob", "c,d"] : []
        job.priority = Int(ref) - 20
        job.timeoutMs = ref % 2 == 0 ? ref * 1000 : nil
        job.queueOrder = ref + 100
        job.revision = ref % 6
        job.uploads = ref % 7 == 0 ? ["u\(ref)"] : []
        if ref % 3 == 0 {
            job.state = .scheduled
            job.runAt = time(90_000 + ref)
            job.dueAt = time(90_000 + ref)
        } else if ref % 3 == 1 {
            job.state = .inProgress
            job.attempt = 1
            job.startedAt = time(70_000 + ref)
        }
        return job
    }

    @Test(arguments: StoreKind.allCases)
    func jobsOfOneBatchComeBackWithEveryMember(_ kind: StoreKind) throws {
        try kind.withStore { store in
            var jobs = (Int64(1)...40).map { makeNewJob($0, "j\($0)") }
            // One that has gone on since it was made stands among those that have not.
            jobs[20] = makeFullJob(21, "j21")
            try store.commit(jobs.map { .insertJob($0) } + makeEvents(3, 1...2))
            for job in jobs { #expect(try store.job(job.id) == job) }
            #expect(try store.jobIDs() == jobs.reversed().map(\.id.text))
            #expect(try store.jobIDs(JobFilter(kind: "k1", owner: "ann")) == ["j40", "j28", "j16", "j4"])
            #expect(try store.statistics().jobs == 40)
            #expect(try store.highestRef == LogRef(40))
            #expect(try store.highestQueueOrder == 140)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aNewRunAmongManyTakesTheName(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let earlier = (Int64(1)...3).map { makeJob($0, "j\($0 * 6)", state: .completed) }
            try store.commit(earlier.map { .insertJob($0) } + makeEvents(2, 1...3))
            // The name of the 30th is that of one in the same batch.
            let jobs = (Int64(4)...33).map { makeNewJob($0, $0 == 33 ? "j9" : "j\($0)") }
            try store.commit(jobs.map { .insertJob($0) })
            for job in jobs where job.ref != LogRef(9) { #expect(try store.job(job.id) == job) }
            for gone in [Int64(1), 2, 3, 9] { #expect(try store.job(ref: LogRef(gone)) == nil) }
            #expect(try store.allEvents(2) == [])
            #expect(try store.statistics().jobs == 29)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func longTextsOfManyJobsComeBack(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let jobs = (Int64(1)...20).map { ref in
                var job = makeNewJob(ref, String(repeating: "n", count: 60) + "\(ref)")
                job.owner = String(repeating: "é", count: 1000)
                job.viewers = [String(repeating: "v", count: 3000)]
                return job
            }
            try store.commit(jobs.map { .insertJob($0) })
            for job in jobs { #expect(try store.job(job.id) == job) }
        }
    }
    @Test(arguments: StoreKind.allCases)
    func jobsThatComeAgainTakeTheirNamesAnew(_ kind: StoreKind) throws {
        try kind.withStore { store in
            let earlier = (Int64(1)...40).map { makeJob($0, "j\($0)", state: .completed) }
            try store.commit(earlier.map { .insertJob($0) } + makeEvents(2, 1...3))
            // 30 known names among new ones, some one after the other, and one that stands twice in the same attempt.
            var jobs = (Int64(101)...140).map { makeNewJob($0, $0 % 2 == 0 || $0 > 120 ? "j\($0 - 100)" : "n\($0)") }
            jobs[30] = makeNewJob(131, "j30")
            try store.commit(jobs.map { .insertJob($0) })
            for (index, job) in jobs.enumerated() where index != 29 { #expect(try store.job(job.id) == job) }
            #expect(try store.job(ref: jobs[29].ref) == nil)
            let known = Set(jobs.map(\.id.text))
            for job in earlier { #expect(try (store.job(ref: job.ref) == nil) == known.contains(job.id.text)) }
            #expect(try store.allEvents(2) == [])
            #expect(try store.statistics().jobs == Set(known).union(earlier.map(\.id.text)).count)
            #expect(try store.highestRef == LogRef(140))
        }
    }

    /// Inputs of 256 bytes and one more: the last that stand in the job's row, and the first that do not.
    @Test(arguments: StoreKind.allCases)
    func inputsAtTheBoundOfARowComeBack(_ kind: StoreKind) throws {
        try kind.withStore { store in
            try store.commit([.insertJob(makeJob(1, "j4", state: .completed))])
            // Two in a group, two behind a taken name.
            let jobs = [(Int64(2), 256), (3, 257), (4, 5), (5, 256), (6, 257), (7, 5)].map { ref, byteCount in
                makeJob(ref, "j\(ref)", input: "\"" + String(repeating: "x", count: byteCount - 2) + "\"")
            }
            try store.commit(jobs.map { .insertJob($0) })
            for job in jobs { #expect(try store.job(job.id) == job) }
            for (job, byteCount) in zip(jobs, [256, 257, 5, 256, 257, 5]) {
                #expect(try store.job(job.id)?.input.byteCount == byteCount)
            }
        }
    }
}
