// What one batch of commands changed: for the store, for the loop, for the workers. Values that cross threads.

import MillstreamJSON
import MillstreamJournal

/// What the loop is told after a commit, in the order in which it happened.
public enum CommitNotice: Sendable {
    /// The record is new or its state changed: readers get a `status` here. Of a job that ended, it stands before the events
    /// notice with the terminal event, and its `lastSequence` is that before the terminal event.
    indirect case job(JobRecord)
    /// The record changed but for its state (a result came, a cancellation was asked for): for snapshots, not for streams.
    indirect case refreshed(JobRecord)
    /// The job's progress after the events of this batch; at most one of a job, after all other notices.
    case progress(JobID, LogRef, Double)
    /// Events of one log, consecutive in that log.
    case events(LogName, LogRef, Epoch, [EventRecord])
    /// Retention took the events up to here.
    case trimmed(LogName, LogRef, through: Int64)
    /// The log is gone, with its job or channel.
    case removed(LogName, LogRef)
}

/// What a worker is given to do.
public struct JobAssignment: Sendable {
    public var run: JobRun
    public var kind: JobKind
    public var input: JSONText
    /// Messages that came before this attempt began, in order.
    public var messages: [MessageRecord]

    public init(run: JobRun, kind: JobKind, input: JSONText, messages: [MessageRecord]) {
        self.run = run
        self.kind = kind
        self.input = input
        self.messages = messages
    }
}

/// What the worker pool is told after a commit.
public enum WorkerDirective: Sendable {
    indirect case start(JobAssignment)
    case deliver(JobRun, MessageRecord)
    /// Ask the run to stop; after the grace end it by force. The worker answers with `.finish` in any case.
    case stop(JobRun, graceMs: Int64)
    /// Left behind by a killed server: end it (if it is still the same one) before anything starts.
    case endProcessGroup(ProcessGroup)
    /// The run is over: forget its messages, close its input.
    case forget(JobRun)
}

/// Everything that follows from one batch. `mutations` go to the store; only after its commit do the others leave the lane.
public struct LedgerOutcome: Sendable {
    public var mutations: [JournalMutation] = []
    public var notices: [CommitNotice] = []
    public var directives: [WorkerDirective] = []
    /// Uploads that retention took: their files are to be deleted.
    public var removedUploads: [String] = []
    /// Bounds that something came up against, and how often.
    public var reached: [LedgerBound: Int] = [:]

    public init() {}
}
