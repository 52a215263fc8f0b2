// Where a reader begins in one log, before and after the log is known. Pure functions.

import MillstreamJournal

/// What a reader said of one log.
enum StartPoint: Hashable, Sendable {
    case beginning
    case after(EventID)
    case sequence(Int64)

    /// Where the reader begins, and the cursor that names nothing in this log, for a `gap` with reason `epoch`.
    struct Resolution: Hashable {
        var sequence: Int64
        var unknownCursor: String?
    }

    /// A cursor of another epoch or beyond the end of the log names nothing: the reader gets the whole log.
    func resolved(in extent: LogExtent?) -> Resolution {
        switch self {
        case .beginning: return Resolution(sequence: 0)
        case .after(let id):
            guard let extent, id.epoch == extent.epoch, id.sequence <= extent.lastSequence else {
                return Resolution(sequence: 0, unknownCursor: id.description)
            }
            return Resolution(sequence: id.sequence)
        case .sequence(let sequence):
            guard sequence > extent?.lastSequence ?? 0 else { return Resolution(sequence: sequence) }
            return Resolution(sequence: 0, unknownCursor: (extent?.epoch.text ?? "0") + "-" + String(sequence))
        }
    }

    /// What a combined cursor says of the log before it is known.
    var position: EventID? {
        if case .after(let id) = self { id } else { nil }
    }
}
