import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// One command on its way into the journal, with what the lane must know to bound, to order and to answer it. A plain value.

struct LaneEntry: Sendable {
    /// Which bound an entry counts against.
    enum Share: Sendable {
        /// Asked by the loop: refused when its share is full.
        case caller
        /// Bounded by what causes it (a running job finishes once): never refused.
        case control
        /// From a worker: waits when its share is full.
        case emission
    }

    let command: LedgerCommand
    let ticket: LaneTicket?
    let share: Share
    let emittedAtNs: UInt64
    let byteCount: Int
    /// How many events it adds to logs.
    let eventCount: Int

    init(_ command: LedgerCommand, share: Share, ticket: LaneTicket? = nil) {
        self.ticket = ticket
        self.share = share
        emittedAtNs = MonotonicTime.current().nanoseconds
        byteCount = command.approximateBytes
        eventCount = command.eventCount
        // Last: looked at afterwards it would be copied.
        self.command = command
    }

    /// Who the order of commands matters to: entries of one source never overtake each other.
    enum Source: Hashable, Sendable {
        case run(LogRef)
        case channel(String)
        case server
    }

    var source: Source {
        switch command {
        case .emit(let run, _), .finish(let run, _), .noteProcess(let run, _): .run(run.ref)
        case .emitToChannel(let name, _): .channel(name)
        default: .server
        }
    }
}

extension LedgerCommand {
    fileprivate var eventCount: Int {
        switch self {
        case .emit, .emitToChannel: 1
        case .publish(_, let drafts): drafts.count
        default: 0
        }
    }

    /// What the command holds in memory, roughly: its payload and a flat sum for the rest.
    var approximateBytes: Int {
        let flat = 128
        return switch self {
        case .create(let job): flat + job.input.bytes.count
        case .publish(_, let drafts): drafts.reduce(flat) { $0 + 64 + $1.data.bytes.count }
        case .input(_, let body, _): flat + body.bytes.count
        case .emit(_, let draft), .emitToChannel(_, let draft): flat + draft.data.bytes.count
        case .finish(_, .completed(let result)): flat + (result?.bytes.count ?? 0)
        default: flat
        }
    }
}
