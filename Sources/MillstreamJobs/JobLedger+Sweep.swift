// Retention by age and number of what lies in the store: ended jobs, old events, unused uploads, used-up keys, idle channels, and
// logs beyond their bounds that no event tells of. One round goes through all of it in bounded steps, each in a batch of its own.

import MillstreamJournal

/// Where a round of `sweep` stands.
struct SweepPosition: Hashable {
    enum Phase: Hashable {
        case agedJobs, excessJobs, jobEvents, uploads, idempotency, channels
    }

    var phase = Phase.agedJobs
    /// The job or channel that was looked at last; nil at the begin of a phase.
    var last: LogRef?
}

extension JobLedger {
    /// One step of a round: looks at `maxRowsPerSweep` rows at most. At most one step in a batch; a second does nothing.
    ///
    /// - Returns: whether the round has more steps; when not, the next call begins a new round. Call it every minute or so, and
    ///   again after the commit while it returns true.
    /// - Throws: when the store could not be read; the step is repeated by the next call.
    public func sweep(_ now: LedgerTime) throws(JournalError) -> Bool {
        guard !memory.hasSwept else { return true }
        self.now = now
        memory.hasSwept = true
        let phase = counters.sweep.phase
        switch phase {
        case .agedJobs: try sweepAgedJobs()
        case .excessJobs: try sweepExcessJobs()
        case .jobEvents: try sweepJobEvents()
        case .uploads: try sweepUploads()
        case .idempotency:
            draft.add(.expireIdempotency(before: now.wall.adding(milliseconds: -LedgerLimits.idempotencyAgeMs)))
            enter(.channels)
        case .channels: try sweepChannels()
        }
        // A round ends with the channels. The position alone does not tell: ended jobs that are left are at its begin, too.
        return phase != .channels || counters.sweep != SweepPosition()
    }

    private func enter(_ phase: SweepPosition.Phase) { counters.sweep = SweepPosition(phase: phase, last: nil) }

    private func cutoff(_ ageMs: Int64) -> Timestamp { now.wall.adding(milliseconds: ageMs == .min ? .min : -ageMs) }

    // MARK: Ended jobs

    private func sweepAgedJobs() throws(JournalError) {
        guard let ageMs = retention.endedJobAgeMs else { return enter(.excessJobs) }
        let aged = try store.jobsFinished(before: cutoff(ageMs), limit: limits.maxRowsPerSweep)
        for record in aged { removeEnded(record, by: .endedJobAge) }
        if aged.count < limits.maxRowsPerSweep { enter(.excessJobs) }
    }

    private func sweepExcessJobs() throws(JournalError) {
        guard let bound = retention.maxEndedJobs else { return enter(.jobEvents) }
        let statistics = try store.statistics()
        let excess = statistics.jobs - statistics.liveJobs - bound
        guard excess > 0 else { return enter(.jobEvents) }
        let limit = Int(min(excess, Int64(limits.maxRowsPerSweep)))
        let oldest = try store.jobsFinished(before: now.wall.adding(milliseconds: 1), limit: limit)
        for record in oldest { removeEnded(record, by: .endedJobs) }
        if oldest.isEmpty || excess <= Int64(limit) { enter(.jobEvents) }
    }

    private func removeEnded(_ record: JobRecord, by bound: LedgerBound) {
        guard entries[record.ref] == nil, memory.goneLogs.insert(record.ref).inserted else { return }
        draft.reach(bound)
        draft.add(.removeJob(record.ref))
        draft.tell(.removed(.job(record.id), record.ref))
    }

    // MARK: Events by age

    private func sweepJobEvents() throws(JournalError) {
        if counters.sweep.last == nil { noteExcess() }
        // Jobs that end from now on are noted by their end.
        guard retention.maxEventAgeMs != nil || !counters.hasSeenLogs else { return enter(.uploads) }
        // What was found is trimmed before more is.
        guard counters.hasSeenLogs || overgrownEnded.count < limits.maxRowsPerSweep else { return }
        let page = try store.jobs(JobFilter(), before: counters.sweep.last, limit: limits.maxRowsPerSweep)
        for record in page {
            // A log that is not done is looked at again by the next step, from the same place.
            if let ageMs = retention.maxEventAgeMs {
                guard try trimAged(record, before: cutoff(ageMs)) else { return }
            }
            if !counters.hasSeenLogs, record.state.isTerminal, entries[record.ref] == nil { noteEnded(record) }
            counters.sweep.last = record.ref
        }
        if page.count < limits.maxRowsPerSweep { enter(.uploads) }
    }

    /// False when more of this log is to go than one step takes.
    private func trimAged(_ record: JobRecord, before cutoff: Timestamp) throws(JournalError) -> Bool {
        guard record.createdAt < cutoff else { return true }
        if let entry = entries[record.ref] { return try trimAged(entry, before: cutoff) }
        guard !memory.goneLogs.contains(record.ref), memory.ended[record.id]?.ref != record.ref,
            !memory.trimmedEnded.contains(record.ref),
            record.trimmedThrough + 1 < record.lastSequence,
            try store.lastSequence(of: record.ref, olderThan: cutoff) ?? 0 > record.trimmedThrough
        else { return true }
        // With its result, which the list may have left out: the record is written again.
        guard let stored = try store.job(ref: record.ref) else { return true }
        let log = LedgerEntry(stored, lane: lane(named: stored.kind))
        return try trimAged(log, before: cutoff)
    }

    private func trimAged(_ log: LedgerLog, before cutoff: Timestamp) throws(JournalError) -> Bool {
        guard mayTrim(log) else { return false }
        // One past the last may go as well for logs that have no terminal event, hence the place after it as the bound.
        let isEnded = (log as? LedgerEntry)?.record.state.isTerminal ?? false
        let last = isEnded ? log.head.lastSequence : log.head.lastSequence + 1
        let trim = try planTrim(of: log, last: last) { event, _ in event.time < cutoff }
        guard let trim else { return true }
        draft.reach(.eventAge)
        apply(trim, to: log)
        return trim.isWhole || trim.through >= last - 1
    }

    // MARK: Uploads and channels

    private func sweepUploads() throws(JournalError) {
        let unused = try store.unusedUploads(before: cutoff(retention.uploadIdleMs), limit: limits.maxRowsPerSweep)
        var removed = 0
        for upload in unused where !memory.usedUploads.contains(upload.id) {
            removed += 1
            memory.removedUploads.insert(upload.id)
            draft.reach(.uploadIdle)
            draft.add(.removeUpload(upload.id))
            draft.removedUploads.append(upload.id)
        }
        if removed < limits.maxRowsPerSweep { enter(.idempotency) }
    }

    private func sweepChannels() throws(JournalError) {
        guard retention.channelIdleMs != nil || retention.maxEventAgeMs != nil || !counters.hasSeenLogs else {
            return enter(.agedJobs)
        }
        let after = counters.sweep.last ?? LogRef(0)
        let page = try store.channels(after: after, limit: limits.maxRowsPerSweep)
        for record in page {
            guard try sweep(record) else { return }
            counters.sweep.last = record.ref
        }
        guard page.count < limits.maxRowsPerSweep else { return }
        counters.hasSeenLogs = true
        enter(.agedJobs)
    }

    /// False when more of this log is to go than one step takes.
    private func sweep(_ record: ChannelRecord) throws(JournalError) -> Bool {
        let channel = channels[record.name] ?? ChannelEntry(record, nowMs: .min)
        guard channel.ref == record.ref else { return true }
        if let idleMs = retention.channelIdleMs, try isIdle(channel, forMs: idleMs) {
            draft.reach(.channelIdle)
            remove(channel)
            return true
        }
        if !isHeld(channel) {
            guard try trimToBounds(channel) else { return false }
        }
        guard let ageMs = retention.maxEventAgeMs else { return true }
        return try trimAged(channel, before: cutoff(ageMs))
    }

    /// The time of the last event tells; of an emptied log it is not known, and the channel's own age has to do.
    private func isIdle(_ channel: ChannelEntry, forMs idleMs: Int64) throws(JournalError) -> Bool {
        guard channel.lastPublishedMs.saturatingSum(idleMs) <= now.monotonicMs else { return false }
        guard channel.head.eventCount > 0 else { return channel.createdAt < cutoff(idleMs) }
        return try store.lastSequence(of: channel.ref, olderThan: cutoff(idleMs)) == channel.head.lastSequence
    }

    private func remove(_ channel: ChannelEntry) {
        if channels.removeValue(forKey: channel.channel) != nil { undo.steps.append(.closedChannel(channel)) }
        memory.removedChannels.insert(channel.channel)
        counters.channelCount -= 1
        draft.add(.removeChannel(channel.ref))
        draft.tell(.removed(channel.name, channel.ref))
    }
}
