import MillstreamJobs
import MillstreamJournal

// What becomes of a command that the store never takes although it takes others: the run that gave it ends with the store's fault. Pure.

extension LedgerCommand {
    /// What ends the run whose event or result this is; nil for what belongs to no run.
    func endOfRun(refusedWith error: JournalError) -> LedgerCommand? {
        switch self {
        case .emit(let run, let draft):
            let message = "the event \(draft.name) could not be stored: \(error)"
            return .finish(run, .failed(JobError(code: "store", message: message), retryable: false))
        case .finish(let run, .completed):
            let message = "the result could not be stored: \(error)"
            return .finish(run, .failed(JobError(code: "store", message: message), retryable: false))
        default: return nil
        }
    }
}
