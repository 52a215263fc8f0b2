// What happens by itself: timers that are due, places that are free, logs that are too long. Bounded in each call.

import MillstreamJournal

extension JobLedger {
    /// Carries out what is due and starts what can start.
    ///
    /// At most `maxStepsPerAdvance` steps; what is left makes `nextDeadlineMs` a moment that has passed.
    /// - Throws: when the store could not be read for a start or a trim. What was done until then stands, nothing is half done.
    public func advance(_ now: LedgerTime) throws(JournalError) {
        self.now = now
        hasBacklog = false
        var steps = limits.maxStepsPerAdvance
        runTimers(&steps)
        try startReady(&steps)
        try trimOvergrown(&steps)
        hasBacklog = steps <= 0
    }

    private func runTimers(_ steps: inout Int) {
        while steps > 0, let entry = timers.due(at: now.monotonicMs) {
            steps -= 1
            deadlineCame(for: entry)
        }
        while steps > 0, let entry = schedule.due(at: now.wall.milliseconds) {
            steps -= 1
            enqueue(entry)
        }
    }

    private func deadlineCame(for entry: LedgerEntry) {
        switch entry.stage {
        case .pausing: enqueue(entry)
        case .running: stop(entry, because: .timeout)
        case .stopping(let reason, _): endStopped(entry, reason)
        case .none, .ready, .scheduled: timers.remove(entry)
        }
    }

    private func startReady(_ steps: inout Int) throws(JournalError) {
        guard !isDraining else { return }
        for lane in laneOrder {
            while steps > 0, lane.declared == nil || lane.hasFreePlace, let ref = lane.ready.first,
                let entry = entries[ref]
            {
                steps -= 1
                try start(entry)
            }
        }
    }

    private func start(_ entry: LedgerEntry) throws(JournalError) {
        guard entry.lane.declared != nil else { return fail(entry, Self.unknownKind(entry.record.kind)) }
        guard let input = try inputText(of: entry) else { return fail(entry, Self.lostInput) }
        begin(entry, input: input, messages: try messages(to: entry))
    }

    /// All messages the job has received, those of this batch included.
    private func messages(to entry: LedgerEntry) throws(JournalError) -> [MessageRecord] {
        guard entry.record.messageCount > 0 else { return [] }
        var messages: [MessageRecord] = []
        if !entry.isNew || entry.batch != batch {
            while true {
                let page = try store.messages(of: entry.ref, after: messages.last?.number ?? 0, limit: 256)
                messages += page
                guard page.count == 256 else { break }
            }
        }
        return messages + (memory.messages[entry.ref] ?? [])
    }
}
