// Many random lives of a hub. A failure names its seed; the environment variable STREAMS_SEEDS sets how many are run.

import Foundation
import Testing

@Suite struct SimulationTests {
    private static var seedCount: UInt64 {
        ProcessInfo.processInfo.environment["STREAMS_SEEDS"].flatMap { UInt64($0) } ?? 120
    }

    @Test(arguments: 0..<4)
    func everyReaderGetsEveryEventOnceOrIsToldExactlyWhatItLost(_ lane: UInt64) {
        var events = 0
        var conflated = 0
        var wideCommits = 0
        for seed in stride(from: lane + 1, through: Self.seedCount, by: 4) {
            var simulation = HubSimulation(seed: seed)
            simulation.run(steps: 700)
            let problems = simulation.finish()
            let isRight = problems.isEmpty
            #expect(isRight, "seed \(seed): \(problems.prefix(5).joined(separator: "; "))")
            guard isRight else { break }
            events += simulation.eventCount
            conflated += simulation.conflated
            wideCommits += simulation.wideCommitCount
        }
        // The model must have had something to look at.
        #expect(events > 1000)
        #expect(conflated > 50)
        #expect(wideCommits > 100)
    }
}
