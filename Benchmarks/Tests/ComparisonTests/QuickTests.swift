import Foundation
import Load
import Testing

@testable import Comparison

struct QuickTests {
    @Test func aShrunkScenarioIsStillAScenarioAndSmall() throws {
        let large = Scenario(
            name: "large", readers: [ReaderGroup(count: 10_000, channels: 10_000, bytesPerS: 1000)],
            phases: [
                Phase(
                    name: "all", timeoutS: 120,
                    activities: [
                        .publish(Publish(channels: 10_000, rate: 20_000, count: 400_000)), .idle(Idle(seconds: 20)),
                        .createJobs(CreateJobs(count: 100_000)), .wholeJobs(WholeJobs(seconds: 10)),
                        .runningJobs(RunningJobs(jobs: 200, steps: 200)),
                        .commitEvents(CommitEvents(jobs: 8, eventsPerJob: 100_000)),
                        .churn(Churn(group: "live", rate: 1000, seconds: 1800)),
                    ])
            ])
        let small = large.shrunk()
        #expect(small.readers[0].count == 200)
        #expect(small.readers[0].channels == 200)
        #expect(small.phases[0].timeoutS == 15)
        #expect(small.phases[0].activities[0] == .publish(Publish(channels: 200, rate: 2000, count: 2000)))
        #expect(small.phases[0].activities[1] == .idle(Idle(seconds: 1)))
        // What is written for the generator is read by it.
        #expect(try JSONDecoder().decode(Scenario.self, from: JSONEncoder().encode(small)) == small)
    }

    @Test func whatIsSmallStaysAsItIs() {
        let stalled = Scenario(
            name: "stalled",
            readers: [ReaderGroup(name: "live", count: 6), ReaderGroup(name: "stalled", count: 6, reading: .stalled)])
        #expect(stalled.shrunk().readers.map(\.count) == [6, 6])
    }
}
