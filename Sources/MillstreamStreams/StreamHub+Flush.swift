// The end of a tick: what became known in it leaves. First the logs with news, one payload each for all readers at their end; then
// the readers that are behind, came, or drained, as many as a tick has room for: while thousands come back at once, what is committed
// leaves between their turns. Loop-confined.

extension StreamHub {
    /// What the turns of a tick get at most because that much was new.
    private static let maxMatchedTurnBytes: UInt64 = 16 << 20
    /// Text of a log that is kept, whatever its bound, while readers wait for their turns at it.
    private static let maxAwaitedBytes = 8 << 20

    /// Shared pieces that are held from one tick to the next.
    private static let maxHeldPieces = 8
    /// What a send costs beside its bytes, in bytes that could be sent meanwhile.
    private static let bytesPerSend = 4 << 10

    /// Sends what is new in this tick, and then to readers that are behind, in turn, at most as much as
    /// ``StreamSettings/maxReplayBytesPerTick`` or, when that is more, as what was new (16 MiB of it at most). Call it once at the end of
    /// each tick; it costs nothing when nothing happened.
    ///
    /// - Returns: whether readers wait for a turn: then it wants to be called again at once, after a look at what came meanwhile.
    @discardableResult
    public func flush() -> Bool {
        let before = spent
        if !dirtyLogs.isEmpty { flushLogs() }
        if !news.isEmpty { flushNews() }
        let beforeTurns = spent
        let matched = min(beforeTurns &- before, Self.maxMatchedTurnBytes)
        if !backlog.isEmpty { giveTurns(bytes: max(UInt64(settings.maxReplayBytesPerTick), matched)) }
        turnsCost = spent &- beforeTurns
        settle()
        return !backlog.isEmpty
    }

    /// What all that ever left has cost, in bytes.
    var spent: UInt64 { metrics.deliveredBytes &+ metrics.sends &* UInt64(Self.bytesPerSend) }

    private func flushLogs() {
        let dirty = dirtyLogs
        fanOutEndsAt = metrics.deliveredBytes &+ UInt64(settings.maxFanOutBytesPerTick)
        for log in dirty {
            log._withUnsafeGuaranteedRef { log in
                if log.isDirty { flushLog(log) }
            }
        }
    }

    private func flushNews() {
        let now = news
        news.removeAll(keepingCapacity: now.count < 4096)
        turnsEndAt = spent &+ UInt64(settings.maxFanOutBytesPerTick)
        for id in now {
            if spent < turnsEndAt {
                look(at: id)
            } else if let reader = readers.find(id) {
                reader.pointee.flags.remove(.isQueued)
                awaitTurn(id.slot)
            }
        }
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
                let bound = awaitedTick(of: log) == nil ? maxBytes : max(maxBytes, Self.maxAwaitedBytes)
                if log.recent.shrink(toBytes: bound) {
                    metrics.shrunkLogs += 1
                }
                recent.touch(log, in: logs)
                if !log.hasReaders { idleLogs.append(log.index) }
            }
        }
        tellOfLeft()
        if !awaitedTicks.isEmpty { letGoOfAwaited() }
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
}
