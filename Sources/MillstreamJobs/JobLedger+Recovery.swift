// The start after a clean end, a crash or a kill: what the store holds becomes the ledger again, and what was running when the
// server died is retried or failed as its kind says.

import MillstreamJournal

extension JobLedger {
    private static let pageSize = 256
    /// How far back the log of a job is searched for its last progress.
    private static let tailEvents: Int64 = 64

    /// Loads all live jobs, page by page. Once, before any command; then commit and `didCommit`, or `rollBack` and again.
    ///
    /// The outcome has a `.job` notice for every live job, `.endProcessGroup` for every group that may be left, and the events of
    /// those that were retried or failed. Nothing starts before the first `advance`.
    /// - Throws: when the store cannot be read; the ledger is empty then, and the call may be repeated.
    public func recover(_ now: LedgerTime) throws(JournalError) -> LedgerOutcome {
        self.now = now
        do {
            counters.lastRef = try store.highestRef.number
            counters.lastQueueOrder = try store.highestQueueOrder
            counters.channelCount = Int(clamping: try store.statistics().channels)
            var last = LogRef(0)
            while true {
                let page = try store.liveJobs(after: last, limit: Self.pageSize)
                for record in page { try recover(record) }
                guard let ref = page.last?.ref, page.count == Self.pageSize else { break }
                last = ref
            }
        } catch {
            rollBack()
            throw error
        }
        return takeOutcome()
    }

    private func recover(_ stored: JobRecord) throws(JournalError) {
        var record = stored
        record.input = stored.input.held(upTo: LedgerLimits.maxHeldInputBytes)
        if let result = record.result, result.text == nil {
            // The record will be written again, and with it the result.
            record.result = try store.job(ref: record.ref)?.result
        }
        let entry = LedgerEntry(record, lane: lane(named: record.kind))
        try catchUp(entry)
        insert(entry)
        if let group = record.processGroup { draft.directives.append(.endProcessGroup(group)) }
        resume(entry)
        if retention.isOvergrown(entry.head) { noteGrowth(of: entry) }
    }

    /// Events do not rewrite the record: what came after its last writing is in the log alone.
    private func catchUp(_ entry: LedgerEntry) throws(JournalError) {
        let stored = entry.head.lastSequence
        var after = max(entry.head.trimmedThrough, stored - Self.tailEvents)
        while true {
            let page = try store.events(of: entry.ref, after: after, limit: Self.pageSize, maxBytes: 1 << 20)
            for event in page {
                if event.sequence > stored {
                    entry.head.lastSequence = event.sequence
                    entry.head.logBytes += Int64(event.data.bytes.count)
                }
                if let progress = ProgressMember.value(in: event.data), event.name != "retrying" {
                    entry.head.progress = progress
                }
            }
            guard let last = page.last else { return }
            after = last.sequence
        }
    }

    private func resume(_ entry: LedgerEntry) {
        switch entry.record.state {
        case .queued:
            move(entry, to: .ready)
            draft.tellState(of: entry)
        case .scheduled:
            move(entry, to: .scheduled(entry.record.dueAt ?? entry.record.runAt ?? now.wall))
            draft.tellState(of: entry)
        case .retrying:
            // A clock that was set back must not stretch the pause.
            let left = (entry.record.dueAt ?? now.wall).milliseconds.saturatingDifference(now.wall.milliseconds)
            let longest = entry.lane.declared?.retries.maxBackoffMs ?? 0
            let untilMs = now.monotonicMs.saturatingSum(min(max(0, left), max(0, longest)))
            move(entry, to: .pausing(untilMs: untilMs))
            draft.tellState(of: entry)
        case .inProgress, .inputRequired: endCrashed(entry)
        case .completed, .failed, .cancelled: remove(entry)
        }
        if entry.record.processGroup != nil {
            change(entry)
            entry.record.processGroup = nil
        }
    }

    /// The crash was the server's fault and not the job's: no pause before the next attempt.
    private func endCrashed(_ entry: LedgerEntry) {
        if entry.record.cancelRequested { return cancelNow(entry) }
        let retries = entry.lane.declared?.onCrash == .retry && entry.record.attempt < entry.lane.maxCrashAttempts
        if retries {
            retry(entry, Self.crashed, delayMs: 0)
        } else {
            fail(entry, Self.crashed)
        }
    }
}
