// The order in which a commit is taken in: nothing is left out, nothing overtakes, and events go together as far as they follow one
// another.

import MillstreamJobs
import MillstreamJournal
import Testing

@testable import MillstreamServer

@Suite struct CommitStepsTests {
    private let epoch: Epoch

    init() throws {
        epoch = try #require(Epoch("e1"))
    }

    private func events(_ number: Int64) -> CommitNotice {
        .events(.job(JobID(trusted: "j\(number)")), LogRef(number), epoch, [])
    }

    private var record: JobRecord {
        JobRecord(
            ref: LogRef(1), id: JobID(trusted: "j1"), kind: "k", input: StoredValue(.null), epoch: epoch,
            createdAt: Timestamp(milliseconds: 0))
    }

    private func steps(_ notices: [CommitNotice]) -> [CommitSteps.Step] {
        notices.withUnsafeBufferPointer { notices in
            var walk = CommitSteps()
            var steps: [CommitSteps.Step] = []
            let eventNotices = notices.count(where: \.bringsEvents)
            while let step = walk.next(in: notices, eventNotices: eventNotices) { steps.append(step) }
            return steps
        }
    }

    @Test func eventsOfManyLogsAreOneStep() {
        #expect(steps([]).isEmpty)
        #expect(steps([events(1)]) == [.events(0..<1)])
        #expect(steps([events(1), events(2), events(1)]) == [.events(0..<3)])
    }

    @Test func everythingElseStandsAloneAndDividesEvents() {
        let trimmed = CommitNotice.trimmed(.channel("c"), LogRef(3), through: 1)
        #expect(
            steps([.job(record), events(1), events(2), trimmed, .removed(.channel("c"), LogRef(3)), events(4)])
                == [.notice(0), .events(0..<2), .notice(3), .notice(4), .events(2..<3)])
        #expect(
            steps([events(1), .refreshed(record), .progress(record.id, record.ref, 5)])
                == [.events(0..<1), .notice(1), .notice(2)])
    }

    /// All commits of up to ten notices: what is told, one after the other, is what was committed.
    @Test func everyNoticeIsTakenOnceAndInOrder() {
        for count in 0...10 {
            for pattern in 0..<(1 << count) {
                let notices = (0..<count).map { at in
                    pattern >> at & 1 == 1 ? events(Int64(at)) : .removed(.channel("c"), LogRef(Int64(at)))
                }
                let eventPlaces = notices.indices.filter { notices[$0].bringsEvents }
                let steps = steps(notices)
                var taken: [Int] = []
                for step in steps {
                    switch step {
                    case .events(let places): taken += eventPlaces[places]
                    case .notice(let index): taken.append(index)
                    }
                }
                #expect(taken == Array(notices.indices), "notices \(String(pattern, radix: 2))")
                let eventSteps = steps.filter { if case .events = $0 { true } else { false } }
                let runs = eventPlaces.filter { !eventPlaces.contains($0 - 1) }
                #expect(eventSteps.count == runs.count, "notices \(String(pattern, radix: 2))")
            }
        }
    }
}
