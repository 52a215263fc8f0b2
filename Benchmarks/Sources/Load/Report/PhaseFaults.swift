// What of a phase was not as it must be, in words. Pure.

extension PhaseReport {
    /// What an interrupted phase still waited for is not lost.
    func faults(isInterrupted: Bool) -> [String] {
        var faults: [String] = []
        func note(_ count: Int, _ what: String) {
            if count != 0 { faults.append("\(name): \(count) \(what)") }
        }
        if timedOut { faults.append("\(name): timed out") }
        if isInterrupted { faults.append("\(name): interrupted") }
        if !isInterrupted { note(counts.missing, "events missing") }
        note(counts.gaps, "numbers skipped")
        note(counts.duplicates, "duplicates")
        note(counts.gapEvents, "gap events")
        note(counts.disconnects, "disconnects")
        note(publishing?.errors ?? 0, "publishing requests refused")
        for churn in [churn].compactMap({ $0 }) + (otherChurns ?? []) {
            note(churn.openErrors, "reconnects of \(churn.group) refused")
        }
        for stall in stalls ?? [] {
            note(stall.openErrors, "reconnects of \(stall.group) refused")
            note(stall.gapEvents == 0 ? stall.gaps : 0, "numbers skipped by \(stall.group), and no gap event")
            note(stall.duplicates, "duplicates of \(stall.group)")
        }
        if let resume = resume, !isInterrupted {
            note(resume.readers - resume.caughtUp, "readers that did not catch up")
        }
        for jobs in [jobs].compactMap({ $0 }) + (otherJobs ?? []) {
            note(jobs.createErrors, "jobs refused")
            if !isInterrupted { note(jobs.jobsWithLostEvents, "jobs with lost events") }
            note(jobs.failed, "jobs failed")
        }
        return faults
    }
}
