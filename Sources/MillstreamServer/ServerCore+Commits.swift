// What a commit changed, taken in by the read model of jobs, the streams and the log, in the order in which it happened. Loop-confined.

import Logging
import MillstreamJobs
import MillstreamJournal
import MillstreamStreams

extension ServerCore {
    func apply(_ notices: UnsafeBufferPointer<CommitNotice>, of commit: CommitReport) {
        let tells = log.logLevel <= .info
        let eventNotices = commit.texts.count
        var steps = CommitSteps()
        while let step = steps.next(in: notices, eventNotices: eventNotices) {
            switch step {
            case .events(let places):
                commit.texts.forEachJob(at: places) { directory.noteEvents(of: $0, through: $1) }
                // The time of the oldest emission for all: what is shown is an upper bound.
                streams.hub.commit(commit.texts, at: places, emittedAtNs: commit.emittedAtNs)
            case .notice(let index):
                directory.apply(notices[index])
                streams.apply(notices[index])
                if tells, case .job(let record) = notices[index] { tell(record) }
            }
        }
    }

    /// The state of a job as a log line: a failure at info, the rest at debug.
    private func tell(_ record: JobRecord) {
        let level = record.state == .failed ? Logger.Level.info : .debug
        guard log.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "job": "\(record.id)", "kind": "\(record.kind)", "state": "\(record.state.word)",
            "attempt": "\(record.attempt)",
        ]
        if let error = record.error { metadata["error"] = "\(error.code)" }
        log.log(level: level, "job", metadata: metadata)
    }
}
