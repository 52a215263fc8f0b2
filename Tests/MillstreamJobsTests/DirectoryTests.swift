import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct DirectoryTests {
    private func record(_ ref: Int64, _ state: JobState = .queued, revision: Int64 = 1) -> JobRecord {
        var record = JobRecord(
            ref: LogRef(ref), id: JobID(trusted: "j\(ref)"), kind: "k", input: StoredValue(.null), epoch: Epoch("e")!,
            createdAt: Timestamp(milliseconds: ref))
        record.state = state
        record.queueOrder = ref
        record.revision = revision
        return record
    }

    @Test func endedJobsAreHeldUpToTheirNumberByLastUse() {
        let directory = JobDirectory(maxEndedJobs: 2)
        for ref in 1...2 as ClosedRange<Int64> { directory.apply(.job(record(ref, .completed))) }
        #expect(directory.job(JobID(trusted: "j1")) != nil)
        directory.apply(.job(record(3, .completed)))
        #expect(directory.job(JobID(trusted: "j2")) == nil)
        #expect(directory.job(ref: LogRef(1)) != nil)
        #expect(directory.heldEndedJobCount == 2)
        directory.apply(.job(record(4)))
        #expect(directory.liveJobCount == 1)
    }

    @Test func newestRevisionWinsWhenAStoreReadComesLate() {
        let directory = JobDirectory()
        var old = record(1)
        old.input = StoredValue(.emptyObject)
        var new = record(1, .inProgress, revision: 2)
        new.input = StoredValue(byteCount: 2)
        directory.apply(.job(new))
        let merged = directory.merge(old)
        #expect(merged.state == .inProgress)
        #expect(merged.input.text == .emptyObject)
        #expect(directory.merge(record(1, .completed, revision: 3)).state == .completed)
        #expect(directory.job(JobID(trusted: "j1"))?.state == .completed)
    }

    /// A running job's row is written when its state changes or its process group is noted, its progress moves with each event.
    @Test func readKeepsTheProgressOfTheAttemptThatRuns() {
        let directory = JobDirectory()
        let id = JobID(trusted: "j1")
        directory.apply(.job(record(1, .inProgress)))
        directory.apply(.progress(id, LogRef(1), 46))
        var stored = record(1, .inProgress, revision: 2)
        #expect(directory.merge(stored).progress == 46)
        #expect(directory.job(id)?.progress == 46)
        #expect(directory.job(id)?.revision == 2)
        stored = record(1, .inProgress, revision: 3)
        stored.attempt += 1
        #expect(directory.merge(stored).progress == nil, "another attempt begins anew")
        directory.apply(.progress(id, LogRef(1), 50))
        stored = record(1, .completed, revision: 4)
        stored.progress = 100
        #expect(directory.merge(stored).progress == 100)
    }

    @Test func staleReadBringsNeitherRemovedNorEndedJobsBack() {
        let directory = JobDirectory(maxEndedJobs: 0)
        directory.apply(.job(record(1, .completed)))
        directory.apply(.removed(.job(JobID(trusted: "j1")), LogRef(1)))
        #expect(directory.merge(record(1, .completed)).ref == LogRef(1))
        #expect(directory.job(JobID(trusted: "j1")) == nil)
        #expect(directory.merge(record(2, .inProgress)).state == .inProgress)
        #expect(directory.liveJobCount == 0)
    }

    @Test func eventsMoveTheHeadAndWithItTheEntityTag() {
        let directory = JobDirectory()
        directory.apply(.job(record(1, .inProgress)))
        let id = JobID(trusted: "j1")
        let before = directory.job(id).map(JobDirectory.entityTag)
        let event = EventRecord(sequence: 1, name: "e", data: .null, time: Timestamp(milliseconds: 0))
        directory.apply(.events(.job(id), LogRef(1), Epoch("e")!, [event]))
        directory.apply(.progress(id, LogRef(1), 12))
        let after = directory.job(id)
        #expect(after?.lastEventID?.description == "e-1")
        #expect(after?.progress == 12)
        #expect(before == "W/\"1-1-0\"")
        #expect(after.map(JobDirectory.entityTag) == "W/\"1-1-1\"")
    }

    @Test func queueMovesDoNotChangeTheEntityTag() {
        let directory = JobDirectory()
        for ref in 1...3 as ClosedRange<Int64> { directory.apply(.job(record(ref))) }
        let id = JobID(trusted: "j3")
        let tag = directory.job(id).map(JobDirectory.entityTag)
        #expect(directory.queuePosition(of: id) == 3)
        directory.apply(.job(record(1, .inProgress, revision: 2)))
        #expect(directory.queuePosition(of: id) == 2)
        #expect(directory.job(id).map(JobDirectory.entityTag) == tag)
    }

    @Test func countsFollowTheStatesAndTheOldestQueuedIsKnown() {
        let directory = JobDirectory()
        for ref in 1...3 as ClosedRange<Int64> { directory.apply(.job(record(ref))) }
        #expect(directory.oldestQueuedSince == Timestamp(milliseconds: 1))
        directory.apply(.job(record(1, .inProgress, revision: 2)))
        #expect(directory.oldestQueuedSince == Timestamp(milliseconds: 2))
        directory.apply(.job(record(1, .completed, revision: 3)))
        #expect(directory.counts.count("k", .queued) == 2)
        #expect(directory.counts.count(.inProgress) == 0)
        #expect(directory.counts.count("k", .completed) == 1)
        _ = directory.merge(record(9, .failed))
        #expect(directory.counts.count(.failed) == 0)
        #expect(directory.counts.kinds == ["k"])
    }

    @Test func largeResultsAreLeftToTheStore() {
        let directory = JobDirectory()
        var ended = record(1, .completed)
        let text = JSONText.string(String(repeating: "x", count: 16_383))
        ended.result = StoredValue(text)
        directory.apply(.job(ended))
        #expect(directory.job(ended.id)?.result?.text == nil)
        #expect(directory.job(ended.id)?.result?.byteCount == 16_385)
        #expect(directory.merge(ended).result?.text == text)
    }
}
