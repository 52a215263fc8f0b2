// Sees every committed outcome and holds it against the promises: numbers without holes, one terminal event and that the last,
// places never beyond a kind's concurrency, one record mutation for a job in a batch.

import MillstreamJournal
import Testing

@testable import MillstreamJobs

struct CommitWitness {
    private let concurrency: [String: Int]
    private var lastSequence: [LogRef: Int64] = [:]
    private(set) var ended: [LogRef: String] = [:]
    /// Runs that a worker was given and has not left.
    private(set) var running: [JobRun: String] = [:]
    private(set) var stops: [JobRun: Int64] = [:]
    private(set) var starts: [JobAssignment] = []
    private(set) var delivered: [MessageRecord] = []
    private(set) var endedGroups: [ProcessGroup] = []
    private(set) var removedUploads: [String] = []
    private(set) var notices: [CommitNotice] = []
    private static let terminal: Set<String> = ["completed", "failed", "cancelled"]

    init(kinds: [JobKind]) {
        concurrency = Dictionary(uniqueKeysWithValues: kinds.map { ($0.name, $0.concurrency) })
    }

    mutating func see(_ outcome: LedgerOutcome) {
        checkMutations(outcome.mutations)
        for directive in outcome.directives { see(directive) }
        notices += outcome.notices
        for case .events(_, let ref, _, let events) in outcome.notices {
            for event in events { see(event, ref) }
        }
        removedUploads += outcome.removedUploads
    }

    mutating func serverCrashed() {
        running = [:]
        stops = [:]
    }

    mutating func forgetStarts() { starts = [] }
    mutating func forgetNotices() { notices = [] }

    private func checkMutations(_ mutations: [JournalMutation]) {
        var recorded: Set<LogRef> = []
        for mutation in mutations {
            switch mutation {
            case .insertJob(let record), .updateJob(let record): #expect(recorded.insert(record.ref).inserted)
            case .putChannel(let record): #expect(recorded.insert(record.ref).inserted)
            default: break
            }
        }
    }

    private mutating func see(_ event: EventRecord, _ ref: LogRef) {
        #expect(event.sequence == lastSequence[ref, default: 0] + 1)
        lastSequence[ref] = event.sequence
        #expect(ended[ref] == nil, "\(event.name) after \(ended[ref] ?? "")")
        if Self.terminal.contains(event.name) { ended[ref] = event.name }
    }

    private mutating func see(_ directive: WorkerDirective) {
        switch directive {
        case .start(let assignment):
            #expect(running.updateValue(assignment.kind.name, forKey: assignment.run) == nil)
            starts.append(assignment)
            let taken = running.values.filter { $0 == assignment.kind.name }.count
            #expect(taken <= concurrency[assignment.kind.name, default: 0])
        case .stop(let run, let graceMs): stops[run] = graceMs
        case .forget(let run): #expect(running.removeValue(forKey: run) != nil)
        case .deliver(let run, let message):
            #expect(running[run] != nil)
            delivered.append(message)
        case .endProcessGroup(let group): endedGroups.append(group)
        }
    }
}
