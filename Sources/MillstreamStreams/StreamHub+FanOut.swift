// What a tick brought for one log, to its readers: one payload for all who had everything before, turns for what is too much for a tick,
// and a look at each of the others. Loop-confined.

extension StreamHub {
    /// More text than this in one tick goes to readers in pieces and in turn, as to readers that are behind.
    private static let maxTickPayloadBytes = 256 << 10
    /// More than this is cheaper to share with the output than to copy into a frame.
    private static let maxAloneBytes = 8 << 10

    /// Sends what this tick brought for the log to its readers.
    func flushLog(_ log: LiveLog) {
        guard log.hasReaders else { return }
        if !log.members.isEmpty { fanOut(log) }
        for member in log.combined { enqueueForNews(member.slot) }
    }

    /// The text of the log goes after this: those who wait for it get it now, as much as one tick may send.
    func flushLast(_ log: LiveLog) {
        guard log.hasReaders else { return }
        fanOutEndsAt = metrics.deliveredBytes &+ UInt64(settings.maxFanOutBytesPerTick)
        if log.isDirty { flushLog(log) }
        turnsEndAt = spent &+ UInt64(settings.maxFanOutBytesPerTick)
        var index = log.members.count
        while index > 0, spent < turnsEndAt {
            // A reader that goes is replaced by one that had its turn.
            index = min(index, log.members.count) - 1
            guard index >= 0 else { break }
            let slot = log.members[index]
            switch readers[slot].pointee.phase {
            case .live, .due: pump(slot)
            case .free, .waiting, .blocked: break
            }
        }
        for member in log.combined { pump(member.slot) }
        turnsEndAt = .max
        guard log.isDirty else { return }
        finishTick(of: log)
        tellOfLeft()
    }

    /// Logs of which no reader waits any more for its turn at a large tick keep what their bound allows.
    func letGoOfAwaited() {
        for index in Array(awaitedTicks.keys) {
            let log = logs[Int(index)]
            if let log, awaitedTick(of: log) != nil, !backlog.isEmpty { continue }
            awaitedTicks[index] = nil
            guard let log else { continue }
            log.isAwaited = false
            if log.recent.shrink(toBytes: settings.maxRecentBytesPerLog) { metrics.shrunkLogs += 1 }
            recent.touch(log, in: logs)
            if !log.hasReaders { idleLogs.append(index) }
        }
    }

    /// Nil when no reader waits any more for its turn at a large tick of the log.
    func awaitedTick(of log: LiveLog) -> AwaitedTick? {
        guard log.isAwaited, let tick = awaitedTicks[log.index], backlog.given <= tick.untilTurn else { return nil }
        return tick
    }

    func finishTick(of log: LiveLog) {
        if log.leftInTick, log.tickEmissionCount > 0 {
            if log.tickEmittedAtNs != leftEmittedAtNs {
                tellOfLeft()
                leftEmittedAtNs = log.tickEmittedAtNs
            }
            leftCount += Int(log.tickEmissionCount)
        }
        log.endTick()
    }

    func tellOfLeft() {
        guard leftCount > 0 else { return }
        didDeliver?(leftCount, leftEmittedAtNs)
        leftCount = 0
    }

    /// One payload for all readers that had everything before this tick; the others are looked at one by one.
    private func fanOut(_ log: LiveLog) {
        if log.members.count == 1, sendAlone(log) { return }
        let payload: AnyObject
        let byteCount: Int
        switch tickPayload(log) {
        case .shared(let shared, let count): (payload, byteCount) = (shared, count)
        case .none:
            for slot in log.members { enqueueForNews(slot) }
            return
        case .tooLarge:
            for slot in log.members { awaitTurn(slot) }
            keepAwaited(log)
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
                enqueueForNews(slot)
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

    /// What the reader is to get is too much for one tick: it is looked at in turn.
    func awaitTurn(_ slot: UInt32) {
        guard readers[slot].pointee.phase == .live else { return }
        readers[slot].pointee.phase = .due
        enqueue(slot)
    }

    /// Its readers had everything before this tick, and are to get all of it, whatever retention and bounds take meanwhile.
    private func keepAwaited(_ log: LiveLog) {
        if log.isAwaited, awaitedTicks[log.index] != nil {
            awaitedTicks[log.index]?.untilTurn = backlog.asked
        } else {
            log.isAwaited = true
            awaitedTicks[log.index] = AwaitedTick(after: log.tickBase, untilTurn: backlog.asked)
        }
    }

    private enum TickPayload {
        case shared(AnyObject, byteCount: Int)
        /// There is nothing that all readers at the end could share.
        case none
        /// It goes in turns.
        case tooLarge
    }

    /// Everything of the tick as one text: events, and states where they came about, but none behind the last event.
    private func tickPayload(_ log: LiveLog) -> TickPayload {
        let hasEvents = hasTickEvents(log)
        guard hasEvents || (log.tickFirst == 0 && !log.tickStatuses.isEmpty) else { return .none }
        guard hasEvents else {
            // The last event came before its state: readers that have it just end.
            guard !log.hasEnded else { return .none }
            let text = log.tickStatuses.flatMap(\.text)
            return .shared(payload(text), byteCount: text.count)
        }
        let range = log.tickFirst...log.lastSequence
        let byteCount = log.recent.byteCount(of: range)
        let allBytes = UInt64(byteCount) &* UInt64(log.members.count)
        guard byteCount <= Self.maxTickPayloadBytes, metrics.deliveredBytes &+ allBytes <= fanOutEndsAt else {
            return .tooLarge
        }
        guard !log.tickStatuses.isEmpty else {
            return .shared(log.recent.withText(of: range) { output.makePayload($0) }, byteCount: byteCount)
        }
        let text = interleaved(log, range)
        return .shared(payload(text), byteCount: text.count)
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
