// The loop gives its core away for a commit, and for nothing else.

import Testing

@testable import MillstreamServer

@Suite struct ReplayRestTests {
    @Test func restIsForATickThatReplayedMuchWhileACommitIsUnderWay() {
        let much = ReplayRest.minTurnsCost
        #expect(ReplayRest.isDue(turnsCost: much, owesReport: true))
        #expect(!ReplayRest.isDue(turnsCost: much, owesReport: false))
        #expect(!ReplayRest.isDue(turnsCost: much - 1, owesReport: true))
    }

    @Test func aTickWithoutReplayDoesNotAskTheJournal() {
        var asked = 0
        func ask() -> Bool {
            asked += 1
            return true
        }
        // Not within an expectation, which evaluates all that it is given.
        let isDue = ReplayRest.isDue(turnsCost: 0, owesReport: ask())
        #expect(!isDue)
        #expect(asked == 0)
    }
}
