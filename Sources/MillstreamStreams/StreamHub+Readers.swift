// How readers come and go. Loop-confined.

import MillstreamJournal
import MillstreamSSE

extension StreamHub {
    static let heartbeatText = SSEEncoder.heartbeat

    // MARK: Coming

    /// Takes a reader whose reply has begun; its first bytes leave in the next ``flush()``.
    ///
    /// The request was admitted by ``StreamAdmission/decide(_:)``; a cursor that does not fit counts as none.
    public func open(_ id: ReaderID, _ request: StreamRequest) {
        precondition(!request.logs.isEmpty, "a stream has at least one log")
        readers.occupy(id.slot)
        let reader = readers[id.slot]
        // The output may use a slot again before it reported the end of its last reader.
        if reader.pointee.phase != .free { forget(id.slot, .gone) }
        reader.pointee = ReaderSlot()
        reader.pointee.generation = id.generation
        reader.pointee.phase = .due
        reader.pointee.lastSentMs = UInt32(truncatingIfNeeded: nowMs)
        if settings.maxAgeMs > 0 {
            let age = max(0, settings.maxAgeMs - spread.upTo(min(settings.maxAgeSpreadMs, settings.maxAgeMs)))
            reader.pointee.expiresAtTenths = tenths(nowMs + UInt64(age))
        }
        metrics.open += 1
        metrics.opened += 1
        let starts =
            request.cursor?.starts(logCount: request.logs.count)
            ?? Array(repeating: .beginning, count: request.logs.count)
        if request.logs.count == 1 {
            openSingle(id, request.logs[0], starts[0])
        } else {
            openCombined(id, request.logs, starts)
        }
        enqueue(id.slot)
        if isDraining { close(id, .drain) }
    }

    private func openSingle(_ id: ReaderID, _ request: StreamRequest.Log, _ start: StartPoint) {
        let log = join(request)
        let reader = readers[id.slot]
        reader.pointee.log = log.index
        reader.pointee.member = UInt32(log.members.count)
        reader.pointee.statusVersion = log.statusVersion
        log.members.append(id.slot)
        if let snapshot = request.snapshot {
            addPreface(ServerEvents.status(snapshot: snapshot, retryMs: settings.retryMs), to: id.slot)
        } else {
            reader.pointee.flags.insert(.isGreeted)
        }
        if log.head == .known {
            resolve(id.slot, start, in: log)
        } else {
            unresolved[id.slot] = start
            reader.pointee.flags.insert(.isUnresolved)
        }
    }

    private func openCombined(_ id: ReaderID, _ requests: [StreamRequest.Log], _ starts: [StartPoint]) {
        let reader = CombinedReader()
        readers[id.slot].pointee.flags.insert(.isCombined)
        combined[id.slot] = reader
        var preface: [UInt8] = []
        for (place, request) in requests.enumerated() {
            let log = join(request)
            let start = starts[place]
            var entry = CombinedReader.Entry(
                log: log.index, member: log.combined.count, pair: CombinedCursor.pair(start.position))
            entry.statusVersion = log.statusVersion
            entry.unresolved = start
            log.combined.append(LiveLog.CombinedMember(slot: id.slot, place: place))
            reader.entries.append(entry)
            if let snapshot = request.snapshot {
                preface += ServerEvents.status(snapshot: snapshot, source: log.name, retryMs: settings.retryMs)
            }
        }
        addPreface(preface.isEmpty ? Self.heartbeatText : preface, to: id.slot)
        for place in requests.indices {
            let log = log(reader.entries[place].log)
            if log.head == .known { resolve(reader, id.slot, place, in: log) }
        }
    }

    /// The log of a request, with what the server knows of it; asks the store when nobody knows how far it reaches.
    private func join(_ request: StreamRequest.Log) -> LiveLog {
        let log = findOrMake(request.name)
        if let extent = request.extent { learn(extent, of: log) }
        if log.head == .unknown {
            log.head = .asked
            pages.needHead(of: log.name)
        }
        return log
    }

    // MARK: Cursors

    /// The log is known now: where the reader begins.
    func resolve(_ slot: UInt32, _ start: StartPoint, in log: LiveLog) {
        let begin = start.resolved(in: log.extent)
        readers[slot].pointee.reading = LogReading(after: begin.sequence)
        if let from = begin.unknownCursor { addGap(from: from, to: slot, source: nil) }
    }

    func resolve(_ reader: CombinedReader, _ slot: UInt32, _ place: Int, in log: LiveLog) {
        guard let start = reader.entries[place].unresolved else { return }
        let begin = start.resolved(in: log.extent)
        reader.entries[place].unresolved = nil
        reader.entries[place].reading = LogReading(after: begin.sequence)
        reader.note(begin.sequence, epoch: log.epoch, at: place)
        if let from = begin.unknownCursor { addGap(from: from, to: slot, source: log.name) }
    }

    func addGap(from: String, to slot: UInt32, source: LogName?) {
        metrics.gaps += 1
        addPreface(ServerEvents.gap(from: from, to: nil, reason: .epoch, source: source), to: slot)
    }

    func addPreface(_ text: [UInt8], to slot: UInt32) {
        guard !readers[slot].pointee.flags.insert(.hasPreface).inserted else {
            // Nearly all have one text: it is kept and not copied.
            prefaces[slot] = text
            return
        }
        prefaces[slot]?.append(contentsOf: text)
    }

    func takePreface(_ slot: UInt32) -> [UInt8] {
        let greeting = readers[slot].pointee.flags.remove(.isGreeted) == nil ? [] : Self.heartbeatText
        guard readers[slot].pointee.flags.remove(.hasPreface) != nil else { return greeting }
        let text = prefaces.removeValue(forKey: slot) ?? []
        return greeting.isEmpty ? text : greeting + text
    }

    /// The reader gets a turn, behind those that wait already. One whose output is pending by then loses it.
    func enqueue(_ slot: UInt32) {
        let reader = readers[slot]
        guard !reader.pointee.flags.contains(.isQueued) else { return }
        reader.pointee.flags.insert(.isQueued)
        backlog.append(ReaderID(slot: slot, generation: reader.pointee.generation))
    }

    /// The next flush looks at the reader, whoever is behind. Who waits for a turn finds the news then.
    func enqueueForNews(_ slot: UInt32) {
        let reader = readers[slot]
        guard reader.pointee.phase == .live, !reader.pointee.flags.contains(.isQueued) else { return }
        reader.pointee.flags.insert(.isQueued)
        news.append(ReaderID(slot: slot, generation: reader.pointee.generation))
    }

    /// True when the turns of this tick are over: the reader, which has more to get, waits for its next one.
    func endsTurn(_ slot: UInt32) -> Bool {
        guard spent >= turnsEndAt else { return false }
        readers[slot].pointee.phase = .due
        enqueue(slot)
        if !readers[slot].pointee.flags.contains(.isCombined) {
            let log = log(readers[slot].pointee.log)
            if log.isAwaited { awaitedTicks[log.index]?.untilTurn = backlog.asked }
        }
        return true
    }

    // MARK: What the output reports

    /// The pending payload has left. Names of readers that are gone are ignored.
    public func readerDidDrain(_ id: ReaderID) {
        guard let reader = readers.find(id), reader.pointee.phase == .blocked else { return }
        metrics.lagging -= 1
        reader.pointee.phase = .due
        reader.pointee.lastSentMs = UInt32(truncatingIfNeeded: nowMs)
        if let several = combined(of: id.slot) {
            for place in several.entries.indices {
                several.entries[place].reading.didDrain(logEnd: log(several.entries[place].log).lastSequence)
            }
        } else {
            reader.pointee.reading.didDrain(logEnd: log(reader.pointee.log).lastSequence)
        }
        enqueue(id.slot)
    }

    /// The reader is no more, whoever ended it. Names of readers that are gone are ignored.
    public func readerDidClose(_ id: ReaderID) {
        guard readers.find(id) != nil else { return }
        forget(id.slot, .gone)
    }

    func combined(of slot: UInt32) -> CombinedReader? {
        readers[slot].pointee.flags.contains(.isCombined) ? combined[slot] : nil
    }

    // MARK: Going

    /// Ends one reader: `closing`, then the end. A pending payload leaves first.
    public func close(_ id: ReaderID, _ reason: ClosingReason) {
        guard readers.find(id) != nil else { return }
        let retryMs = settings.retryMs + spread.upTo(settings.retrySpreadMs)
        finish(id, last: payload(ServerEvents.closing(reason: reason, retryMs: retryMs)), .closing(reason))
    }

    /// Sends away a reader that was never taken: `closing`, then the end.
    public func turnAway(_ id: ReaderID, _ reason: ClosingReason) {
        let retryMs = settings.retryMs + spread.upTo(settings.retrySpreadMs)
        metrics.closed[.closing(reason), default: 0] += 1
        output.finish(id, last: payload(ServerEvents.closing(reason: reason, retryMs: retryMs)))
    }

    /// Ends all readers: those at the end of their log get what this tick brought, and those that wait for their turns what one tick may
    /// send; all get `closing` with a spread `retry`.
    /// After `.drain` readers that still come are sent away in the same way.
    public func closeAll(_ reason: ClosingReason) {
        let end = spent &+ UInt64(settings.maxFanOutBytesPerTick)
        while flush(), spent < end {}
        if reason == .drain { isDraining = true }
        for slot in 0..<readers.usedSlots where readers[UInt32(slot)].pointee.phase != .free {
            close(readers.id(of: UInt32(slot)), reason)
        }
        dropIdleLogs()
    }

    func finish(_ id: ReaderID, last: AnyObject?, _ cause: StreamMetrics.CloseCause) {
        forget(id.slot, cause)
        output.finish(id, last: last)
    }

    /// Removes all traces of the reader.
    func forget(_ slot: UInt32, _ cause: StreamMetrics.CloseCause) {
        let reader = readers[slot]
        if reader.pointee.phase == .blocked { metrics.lagging -= 1 }
        if let several = combined(of: slot) {
            for entry in several.entries.reversed() { leave(log(entry.log), entry) }
            combined[slot] = nil
        } else {
            leave(log(reader.pointee.log), member: Int(reader.pointee.member))
        }
        if reader.pointee.flags.contains(.hasPreface) { prefaces[slot] = nil }
        if reader.pointee.flags.contains(.isUnresolved) { unresolved[slot] = nil }
        reader.pointee.phase = .free
        reader.pointee.flags = []
        metrics.open -= 1
        metrics.closed[cause, default: 0] += 1
    }

    private func leave(_ log: LiveLog, member: Int) {
        let last = log.members.removeLast()
        if member < log.members.count {
            log.members[member] = last
            readers[last].pointee.member = UInt32(member)
        }
        if !log.hasReaders { idleLogs.append(log.index) }
    }

    private func leave(_ log: LiveLog, _ entry: CombinedReader.Entry) {
        let last = log.combined.removeLast()
        if entry.member < log.combined.count {
            log.combined[entry.member] = last
            combined[last.slot]?.entries[last.place].member = entry.member
        }
        if !log.hasReaders { idleLogs.append(log.index) }
    }
}
