// In which order the loop takes in what a commit tells: events that follow one another go to the hub together, as places in the
// commit's text; every other notice goes alone. A plain value without references, walked once for each commit.

import MillstreamJobs

/// The way through a commit's notices, from the first to the last.
struct CommitSteps {
    enum Step: Equatable {
        /// Events of one log or several, by their places among the notices that bring events.
        case events(Range<Int>)
        /// The notice at this place, which brings none.
        case notice(Int)
    }

    private var index = 0
    private var place = 0

    /// The next step; nil behind the last.
    /// - Parameters:
    ///   - notices: the same at each call.
    ///   - eventNotices: how many of them bring events.
    mutating func next(in notices: UnsafeBufferPointer<CommitNotice>, eventNotices: Int) -> Step? {
        guard index < notices.count else { return nil }
        let start = index
        // Most commits bring nothing but events, and then none is looked at.
        if eventNotices == notices.count { index = notices.count }
        while index < notices.count, notices[index].bringsEvents { index += 1 }
        if index == start {
            index += 1
            return .notice(start)
        }
        let first = place
        place += index - start
        return .events(first..<place)
    }
}
