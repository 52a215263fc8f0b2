// What an event's name means to the ledger.

import MillstreamJournal

enum WorkerEventKind {
    case plain
    /// Sets the job's result.
    case result
    /// Sets the state of that name.
    case inputRequired
    /// The server's own, or no name at all: never from a worker or publisher.
    case refused

    /// A few comparisons of short strings cost less than one hash; `EventName.isReserved` has the same names.
    init(_ name: String) {
        switch name {
        case "progress", "message", "log": self = .plain
        case "result": self = .result
        case "input_required": self = .inputRequired
        case "status", "completed", "failed", "cancelled", "gap", "closing", "retrying": self = .refused
        default: self = EventName.isValid(name) ? .plain : .refused
        }
    }
}
