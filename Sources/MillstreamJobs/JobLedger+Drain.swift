// The orderly end: what still runs when the graceful time is over goes back to the queue, as if it had not been started.

import MillstreamJournal

extension JobLedger {
    /// Gives all running jobs back. Nothing starts in this process any more, so that the number of the attempt, which the next
    /// process gives again, cannot be held by two workers here.
    func releaseRunning() {
        counters.isDraining = true
        let held = places.keys.sorted { ($0.ref, $0.attempt) < ($1.ref, $1.attempt) }
        for key in held {
            guard let entry = entries[key.ref], RunKey(ref: key.ref, attempt: entry.record.attempt) == key else {
                continue
            }
            switch entry.stage {
            case .running: release(entry)
            case .stopping(let reason, _): endStopped(entry, reason)
            case .none, .ready, .scheduled, .pausing: break
            }
        }
    }

    private func release(_ entry: LedgerEntry) {
        draft.directives.append(.stop(entry.run, graceMs: min(entry.lane.graceMs, LedgerLimits.releaseGraceMs)))
        change(entry)
        // It keeps its number in the queue: it was first, and is first again. It keeps its process group, too, which the next
        // start ends if this one is killed before the worker is gone.
        entry.record.attempt -= 1
        entry.record.state = .queued
        if entry.record.attempt == 0 { entry.record.startedAt = nil }
        move(entry, to: .ready)
        draft.tellState(of: entry)
    }
}
