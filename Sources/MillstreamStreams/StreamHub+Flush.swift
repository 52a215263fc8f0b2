// The end of a tick: what became known in it leaves. First the logs with news, one payload each for all readers at their end; then
// the readers that are behind, came, or drained, as many as a tick has room for: while thousands come back at once, what is committed
// leaves between their turns. Loop-confined.

extension StreamHub {
    /// More text than this in one tick goes to readers in pieces and in turn, as to readers that are behind.
    private static let maxTickPayloadBytes = 256 << 10
    /// So does more than this to all readers of a log together: some tens of milliseconds of the loop.
    private static let maxFanOutBytes = 64 << 20
    /// More than this is cheaper to share with the output than to copy into a frame.
    private static let maxAloneBytes = 8 << 10

    /// Shared pieces that are held from one tick to the next.
    private static let maxHeldPieces = 8
    /// What a send costs beside its bytes, in bytes that could be sent meanwhile.
    private static let bytesPerSend = 4 << 10

    /// Sends what is new in this tick, and then to readers that are behind, in turn, at most as much as
    /// ``StreamSettings/maxReplayBytesPerTick`` or, when that is more, as what was new. Call it once at the end of each tick; it costs
    /// nothing when nothing happened.
    ///
    /// - Returns: whether readers wait for a turn: then it wants to be called again at once, after a look at what came meanwhile.
    @discardableResult
    public func flush() -> Bool {
        let before = spent
        if !dirtyLogs.isEmpty { flushLogs() }
        if !news.isEmpty { flushNews() }
        let beforeTurns = spent
        if !backlog.isEmpty { giveTurns(bytes: max(UInt64(settings.maxReplayBytesPerTick), beforeTurns &- before)) }
        turnsCost = spent &- beforeTurns
        settle()
        return !backlog.isEmpty
    }

    /// What all that ever left has cost, in bytes.
    var spent: UInt64 { metrics.deliveredBytes &+ metrics.sends &* UInt64(Self.bytesPerSend) }

    private func flushLogs() {
        let dirty = dirtyLogs
        for log in dirty {
            log._withUnsafeGuaranteedRef { log in
                if log.isDirty { flushLog(log, endTick: false) }
            }
        }
    }

    private func flushNews() {
        let now = news
        news.removeAll(keepingCapacity: now.count < 4096)
        turnsEndAt = spent &+ UInt64(Self.maxFanOutBytes)
        for id in now { look(at: id) }
        turnsEndAt = .max
    }

    /// One after the other, until they cost so much or each had a turn. One is always given: a tick with a backlog gets on with it.
    private func giveTurns(bytes: UInt64) {
        turnsEndAt = spent &+ bytes
        var rest = min(backlog.count, max(1, Int(clamping: bytes) / Self.bytesPerSend))
        repeat {
            guard let id = backlog.takeFirst() else { break }
            look(at: id)
            rest -= 1
        } while rest > 0 && spent < turnsEndAt
        turnsEndAt = .max
    }

    private func look(at id: ReaderID) {
        guard let reader = readers.find(id) else { return }
        reader.pointee.flags.remove(.isQueued)
        pump(id.slot)
    }

    /// What leaves in this tick has left: bounds are kept, questions go out.
    private func settle() {
        let maxBytes = settings.maxRecentBytesPerLog
        for log in dirtyLogs {
            log._withUnsafeGuaranteedRef { log in
                finishTick(of: log)
                if log.recent.shrink(toBytes: maxBytes) { metrics.shrunkLogs += 1 }
                recent.touch(log, in: logs)
                if !log.hasReaders { idleLogs.append(log.index) }
            }
        }
        tellOfLeft()
        dirtyLogs.removeAll(keepingCapacity: dirtyLogs.capacity < 4096)
        while recent.heldBytes > settings.maxRecentBytes, let oldest = recent.oldest(in: logs) {
            metrics.displacedLogs += 1
            recent.remove(oldest, in: logs)
            oldest.recent = EncodedEvents()
            if !oldest.hasReaders { idleLogs.append(oldest.index) }
        }
        forgetPieces()
        if pages.cachedBytes > settings.maxPageCacheBytes {
            pages.trim(toBytes: settings.maxPageCacheBytes, turnsGiven: backlog.given)
        }
        askStore()
        if !idleLogs.isEmpty { dropIdleLogs() }
        metrics.recentBytes = recent.heldBytes
        metrics.pageRequests = pages.count
    }

    /// Who has a turn in the next tick may need the same; but not that of one log among thousands, which would all be held.
    private func forgetPieces() {
        guard backlog.isEmpty || logsWithPieces.count > Self.maxHeldPieces else { return }
        for index in logsWithPieces { logs[Int(index)]?.sharedPiece = nil }
        logsWithPieces.removeAll(keepingCapacity: true)
    }

    func askStore() {
        // Pages whose readers still wait for their turns fill the cache: more would only wait behind them.
        guard pages.count > 0, pages.cachedBytes <= settings.maxPageCacheBytes else { return }
        let settings = settings
        let source = source
        pages.ask(maxUnderWay: settings.maxPageRequests) { question, token in
            switch question {
            case .page(let key, let ref, _):
                source.requestPage(
                    of: ref, after: key.after, maxEvents: settings.maxPageEvents, maxBytes: settings.maxPageBytes,
                    token: token)
            case .head(let name): source.requestHead(of: name, token: token)
            }
        }
    }

    // MARK: One log

    /// Sends what this tick brought for the log to its readers.
    func flushLog(_ log: LiveLog, endTick: Bool = true) {
        guard log.isDirty, log.hasReaders else { return }
        if !log.members.isEmpty { fanOut(log) }
        if !log.combined.isEmpty {
            for member in log.combined { enqueueForNews(member.slot) }
        }
        guard endTick else { return }
        for member in log.combined { pump(member.slot) }
        finishTick(of: log)
        tellOfLeft()
    }

    private func finishTick(of log: LiveLog) {
        if log.leftInTick, log.tickEmissionCount > 0 {
            if log.tickEmittedAtNs != leftEmittedAtNs {
                tellOfLeft()
                leftEmittedAtNs = log.tickEmittedAtNs
            }
            leftCount += log.tickEmissionCount
        }
        log.endTick()
    }

    private func tellOfLeft() {
        guard leftCount > 0 else { return }
        didDeliver?(leftCount, leftEmittedAtNs)
        leftCount = 0
    }

    /// One payload for all readers that had everything before this tick; the others are looked at one by one.
    private func fanOut(_ log: LiveLog) {
        if log.members.count == 1, sendAlone(log) { return }
        guard let (payload, byteCount) = tickPayload(log) else {
            for slot in log.members { awaitTurn(slot) }
            return
        }
        let base = log.tickBase
        let last = log.lastSequence
        let isLast = log.hasEnded
        let version = log.statusVersion
        let now = UInt32(truncatingIfNeeded: nowMs)
        let output = output
        var sent: UInt64 = 0
        // Backwards: a reader that goes is replaced by one that had its turn.
        for index in stride(from: log.members.count - 1, through: 0, by: -1) {
            let slot = log.members[index]
            let reader = readers[slot]
            guard reader.pointee.phase == .live, reader.pointee.reading.sequence == base else {
                awaitTurn(slot)
                continue
            }
            let id = ReaderID(slot: slot, generation: reader.pointee.generation)
            sent &+= 1
            if isLast {
                finish(id, last: payload, .ended)
                continue
            }
            reader.pointee.reading.didDeliver(through: last)
            reader.pointee.statusVersion = version
            reader.pointee.lastSentMs = now
            switch output.send(payload, to: id) {
            case .sent: break
            case .pending: block(slot)
            case .gone: forget(slot, .gone)
            }
        }
        if sent > 0 { log.leftInTick = true }
        metrics.sends &+= sent
        metrics.deliveries &+= sent &* UInt64(last - base)
        metrics.deliveredBytes &+= sent &* UInt64(byteCount)
    }

    /// The only reader of a log, as most logs of jobs have it: the bytes go to its socket without a payload that others could share.
    /// False when it needs more than the events of this tick.
    private func sendAlone(_ log: LiveLog) -> Bool {
        let slot = log.members[0]
        let reader = readers[slot]
        guard reader.pointee.phase == .live, reader.pointee.reading.sequence == log.tickBase, !log.hasEnded,
            log.tickStatuses.isEmpty, hasTickEvents(log)
        else { return false }
        let range = log.tickFirst...log.lastSequence
        guard let text = log.recent.textInPlace(of: range), text.count <= Self.maxAloneBytes else { return false }
        reader.pointee.reading.didDeliver(through: range.upperBound)
        reader.pointee.lastSentMs = UInt32(truncatingIfNeeded: nowMs)
        metrics.sends &+= 1
        metrics.deliveries &+= UInt64(range.count)
        metrics.deliveredBytes &+= UInt64(text.count)
        log.leftInTick = true
        let id = ReaderID(slot: slot, generation: reader.pointee.generation)
        // No output calls back, so nothing changes the log meanwhile.
        switch output.send(text, to: id) {
        case .sent: break
        case .pending: block(slot)
        case .gone: forget(slot, .gone)
        }
        return true
    }

    /// What the reader is to get is its own, or too much for one tick: it is looked at in turn.
    private func awaitTurn(_ slot: UInt32) {
        guard readers[slot].pointee.phase == .live else { return }
        readers[slot].pointee.phase = .due
        enqueue(slot)
    }

    /// Everything of the tick as one text: events, and states where they came about, but none behind the last event.
    /// Nil when there is nothing that all readers at the end could share.
    private func tickPayload(_ log: LiveLog) -> (AnyObject, byteCount: Int)? {
        let hasEvents = hasTickEvents(log)
        guard hasEvents || (log.tickFirst == 0 && !log.tickStatuses.isEmpty) else { return nil }
        guard hasEvents else {
            // The last event came before its state: readers that have it just end.
            guard !log.hasEnded else { return nil }
            let text = log.tickStatuses.flatMap(\.text)
            return (payload(text), text.count)
        }
        let range = log.tickFirst...log.lastSequence
        let byteCount = log.recent.byteCount(of: range)
        guard byteCount <= Self.maxTickPayloadBytes, byteCount * log.members.count <= Self.maxFanOutBytes else {
            return nil
        }
        guard !log.tickStatuses.isEmpty else {
            return (log.recent.withText(of: range) { output.makePayload($0) }, byteCount)
        }
        let text = interleaved(log, range)
        return (payload(text), text.count)
    }

    /// Whether all events of the tick are in memory.
    private func hasTickEvents(_ log: LiveLog) -> Bool {
        log.tickFirst != 0 && log.recent.contains(log.tickFirst) && log.recent.last == log.lastSequence
    }

    private func interleaved(_ log: LiveLog, _ range: ClosedRange<Int64>) -> [UInt8] {
        var text: [UInt8] = []
        var next = range.lowerBound
        let latest = log.hasEnded ? range.upperBound - 1 : range.upperBound
        for status in log.tickStatuses {
            let after = min(status.after, latest)
            if after >= next {
                log.recent.withText(of: next...after) { text.append(contentsOf: $0) }
                next = after + 1
            }
            text.append(contentsOf: status.text)
        }
        if next <= range.upperBound { log.recent.withText(of: next...range.upperBound) { text.append(contentsOf: $0) } }
        return text
    }
}
