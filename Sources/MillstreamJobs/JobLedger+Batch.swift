// What makes a batch one step: each piece of state is saved before its first change in the batch, and put back by `rollBack`.

import MillstreamJournal

extension JobLedger {
    /// The store has the batch: its outcome may leave the lane.
    public func didCommit() {
        for entry in memory.fresh { entry.freshInput = nil }
        endBatch()
    }

    /// The store refused the batch: the ledger is again as it was before the batch's first command.
    ///
    /// Random numbers that were drawn are not put back, and `hasBacklog` stays: both change no promise.
    public func rollBack() {
        for step in undo.steps.reversed() { revert(step) }
        for (log, head) in undo.touched { log.head = head }
        overgrown.removeAll { $0.batch == batch }
        for (log, _) in undo.touched {
            log.isOvergrown = false
            if isHeld(log), retention.isOvergrown(log.head) { noteGrowth(of: log) }
        }
        counters = undo.counters
        draft = OutcomeDraft()
        endBatch()
    }

    private func endBatch() {
        undo.clear(counters: counters)
        memory.clear()
        batch &+= 1
    }

    private func revert(_ step: UndoStep) {
        switch step {
        case .inserted(let entry):
            unlist(entry)
            entries[entry.ref] = nil
            entriesByID[entry.id] = nil
        case .removed(let entry):
            entries[entry.ref] = entry
            entriesByID[entry.id] = entry
        case .changed(let entry, let record, let stage):
            unlist(entry)
            entry.record = record
            entry.stage = stage
            list(entry)
        case .tookPlace(let key):
            places.removeValue(forKey: key)?.taken -= 1
        case .leftPlace(let key, let lane):
            places[key] = lane
            lane.taken += 1
        case .openedChannel(let channel): channels[channel.channel] = nil
        case .closedChannel(let channel): channels[channel.channel] = channel
        case .declared(let lane, let kind): lane.declared = kind
        }
    }

    // MARK: Before a change

    /// Saves the head before the first event of this batch, and begins the batch's bookkeeping for the log.
    @inline(__always)
    func touch(_ log: LedgerLog) {
        if log.batch != batch { beginBatch(of: log) }
    }

    private func beginBatch(of log: LedgerLog) {
        log.batch = batch
        log.openRun = -1
        log.mutationIndex = -1
        log.queuedNotice = -1
        log.undoIndex = undo.touched.count
        undo.touched.append((log, log.head))
        guard let entry = log as? LedgerEntry else { return }
        entry.isSaved = false
        entry.isNew = false
        entry.hasUntoldProgress = false
    }

    /// Saves the job before the first change of its record or stage in this batch, and has the record written.
    func change(_ entry: LedgerEntry) {
        touch(entry)
        if !entry.isSaved {
            entry.isSaved = true
            undo.steps.append(.changed(entry, entry.record, entry.stage))
        }
        entry.record.revision += 1
        draft.reserveRecord(of: entry)
    }

    func insert(_ entry: LedgerEntry) {
        touch(entry)
        entry.isSaved = true
        undo.steps.append(.inserted(entry))
        entries[entry.ref] = entry
        entriesByID[entry.id] = entry
    }

    func remove(_ entry: LedgerEntry) {
        undo.steps.append(.removed(entry))
        entries[entry.ref] = nil
        entriesByID[entry.id] = nil
    }
}
