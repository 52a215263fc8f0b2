// What happens to logs: states, retention, new runs, and what the store answers. Loop-confined; nothing here sends.

import MillstreamJournal

extension StreamHub {
    // MARK: After a commit, in the order of its notices

    /// The job is new, or its state changed. `snapshot` renders the job object as JSON on one line; it is called when there are
    /// readers, and only then.
    public func statusChanged(_ name: LogName, _ extent: LogExtent, snapshot: () -> [UInt8]) {
        guard let log = find(name), enter(extent.ref, extent.epoch, log) else { return }
        log.learn(extent)
        knowHead(of: log)
        guard log.hasReaders else { return }
        let snapshot = snapshot()
        log.statusVersion &+= 1
        log.statusSnapshot = snapshot
        let text = ServerEvents.status(snapshot: snapshot, retryMs: settings.retryMs)
        log.tickStatuses.append(
            LiveLog.TickStatus(after: log.recent.isEmpty ? log.lastSequence : log.recent.last, text: text))
        markDirty(log)
    }

    /// A new log has this name: another run of a job, or a channel. May be left out when a status or events follow.
    public func logCreated(_ name: LogName, _ ref: LogRef, _ epoch: Epoch) {
        guard let log = find(name), enter(ref, epoch, log) else { return }
        knowHead(of: log)
    }

    /// Retention took the events up to here. Readers that were at the end of the log get all of the commit.
    public func logTrimmed(_ name: LogName, _ ref: LogRef, through: Int64) {
        guard let log = find(name), log.ref == ref else { return }
        log.trimmedThrough = max(log.trimmedThrough, through)
    }

    /// The log is gone, with its job or channel. Readers of a job get a `gap` for what they did not get, and the end; those of a
    /// channel wait for a new log of that name.
    public func logRemoved(_ name: LogName, _ ref: LogRef) {
        guard let log = find(name), log.ref == ref, !log.isRemoved else { return }
        flushLast(log)
        log.isRemoved = true
        log.trimmedThrough = log.lastSequence
        log.recent = EncodedEvents()
        recent.remove(log, in: logs)
        if case .job = name { log.hasEnded = true }
        enqueueReaders(of: log)
        idleLogs.append(log.index)
    }

    // MARK: Runs

    /// What the server told of a log when it let a reader in.
    func learn(_ extent: LogExtent, of log: LiveLog) {
        guard enter(extent.ref, extent.epoch, log) else { return }
        log.learn(extent)
        knowHead(of: log)
    }

    /// Whether a message about this run concerns the log: a newer run begins, one of an older run is late.
    func enter(_ ref: LogRef, _ epoch: Epoch, _ log: LiveLog) -> Bool {
        guard let present = log.ref else {
            // No log had this name while there were readers, so they stand at its beginning.
            log.ref = ref
            log.epoch = epoch
            refs.insert(log)
            renewPairs(of: log)
            return true
        }
        if ref == present { return !log.isRemoved }
        guard present < ref else { return false }
        beginRun(ref, epoch, log)
        return true
    }

    private func beginRun(_ ref: LogRef, _ epoch: Epoch, _ log: LiveLog) {
        flushLast(log)
        let oldEpoch = log.epoch
        recent.remove(log, in: logs)
        refs.remove(log)
        log.begin(run: nextRun(), ref: ref, epoch: epoch)
        refs.insert(log)
        for slot in log.members where !readers[slot].pointee.flags.contains(.isUnresolved) {
            let received = readers[slot].pointee.reading.received
            readers[slot].pointee.reading = LogReading(after: 0)
            if let oldEpoch { addGap(from: "\(oldEpoch)-\(received)", to: slot, source: nil) }
        }
        for member in log.combined {
            guard let reader = combined[member.slot], reader.entries[member.place].unresolved == nil else { continue }
            let received = reader.entries[member.place].reading.received
            reader.entries[member.place].reading = LogReading(after: 0)
            reader.entries[member.place].isAtEnd = false
            if let oldEpoch { addGap(from: "\(oldEpoch)-\(received)", to: member.slot, source: log.name) }
        }
        renewPairs(of: log)
        enqueueReaders(of: log)
        // The recent events that it was held for were those of the old run.
        if !log.hasReaders { idleLogs.append(log.index) }
    }

    /// The epoch is new: so are the ids of readers of several logs.
    private func renewPairs(of log: LiveLog) {
        for member in log.combined {
            guard let reader = combined[member.slot], reader.entries[member.place].unresolved == nil else { continue }
            reader.entries[member.place].pairSequence = -1
            reader.note(0, epoch: log.epoch, at: member.place)
        }
    }

    private func enqueueReaders(of log: LiveLog) {
        for slot in log.members {
            if readers[slot].pointee.phase != .blocked { readers[slot].pointee.phase = .due }
            enqueue(slot)
        }
        for member in log.combined { enqueue(member.slot) }
    }

    /// Nothing more has to be asked of how far the log reaches.
    func knowHead(of log: LiveLog) {
        guard log.head != .known else { return }
        log.head = .known
        for slot in log.members where readers[slot].pointee.flags.contains(.isUnresolved) {
            readers[slot].pointee.flags.remove(.isUnresolved)
            if let start = unresolved.removeValue(forKey: slot) { resolve(slot, start, in: log) }
        }
        for member in log.combined {
            if let reader = combined[member.slot] { resolve(reader, member.slot, member.place, in: log) }
        }
        enqueueReaders(of: log)
    }

    // MARK: What the store answers

    /// The answer to ``LogSource/requestPage(of:after:maxEvents:maxBytes:token:)``; the readers get it in the next flush.
    public func pageArrived(_ token: PageToken, _ result: Result<[EventRecord], JournalError>) {
        guard let asked = pages.answered(token), case .page(let key, _, let end) = asked.question else { return }
        guard let log = logs[Int(key.log)], log.run == key.run, let epoch = log.epoch else { return }
        guard case .success(let events) = result else {
            metrics.storeFaults += 1
            for id in asked.readers where needs(key, id) { close(id, .store) }
            return
        }
        metrics.pagesRead += 1
        // What is missing in the answer was taken by retention, whether or not its notice has come.
        if let first = events.first, first.sequence > key.after {
            let page = EncodedEvents(events, epoch: epoch)
            if first.sequence - 1 > key.after { log.trimmedThrough = max(log.trimmedThrough, first.sequence - 1) }
            log.lastSequence = max(log.lastSequence, page.last)
            // The page may be ahead of the notice that the job has ended; nothing may follow its last event.
            if case .job = log.name, let last = events.last, JobState(word: last.name)?.isTerminal == true {
                log.hasEnded = true
            }
            for id in asked.readers where readers.find(id) != nil { enqueue(id.slot) }
            pages.keep(
                page, as: PageDesk.Key(log: key.log, run: key.run, after: first.sequence - 1),
                untilTurn: backlog.asked)
        } else {
            log.trimmedThrough = max(log.trimmedThrough, end)
            for id in asked.readers where readers.find(id) != nil { enqueue(id.slot) }
        }
    }

    /// Whether a reader that asked for a page still waits for it.
    private func needs(_ key: PageDesk.Key, _ id: ReaderID) -> Bool {
        guard let reader = readers.find(id), reader.pointee.phase != .blocked else { return false }
        guard let several = combined(of: id.slot) else {
            return reader.pointee.log == key.log && reader.pointee.reading.sequence == key.after
        }
        return several.entries.contains { $0.log == key.log && $0.reading.sequence == key.after }
    }

    /// The answer to ``LogSource/requestHead(of:token:)``; nil: no log has this name.
    public func headArrived(_ token: PageToken, _ result: Result<LogExtent?, JournalError>) {
        guard let asked = pages.answered(token), case .head(let name) = asked.question else { return }
        guard let log = find(name), log.head == .asked else { return }
        switch result {
        case .success(let extent?): learn(extent, of: log)
        case .success(nil): break
        case .failure:
            metrics.storeFaults += 1
            log.head = .unknown
            let waiting = log.members.map(readers.id) + log.combined.map { readers.id(of: $0.slot) }
            for id in waiting { close(id, .store) }
            return
        }
        knowHead(of: log)
    }
}
