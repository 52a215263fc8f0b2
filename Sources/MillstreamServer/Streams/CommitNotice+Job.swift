// Which job a notice is about: for requests that wait for a change of it.

import MillstreamJobs
import MillstreamJournal

extension CommitNotice {
    var bringsEvents: Bool {
        if case .events = self { true } else { false }
    }

    /// Nil for channels.
    var jobID: JobID? {
        switch self {
        case .job(let record), .refreshed(let record): record.id
        case .progress(let id, _, _): id
        case .events(.job(let id), _, _, _), .trimmed(.job(let id), _, _), .removed(.job(let id), _): id
        case .events, .trimmed, .removed: nil
        }
    }
}
