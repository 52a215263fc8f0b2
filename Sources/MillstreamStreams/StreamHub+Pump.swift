// A reader that is behind gets its log piece by piece until its output is pending or it has everything. Pieces are shared where
// readers stand at the same place; what is made for one reader alone is short. Loop-confined.

import MillstreamJournal

extension StreamHub {
    /// What leaves next for a reading.
    enum NextPiece {
        case events(ClosedRange<Int64>, EncodedEvents)
        case gap(ClosedRange<Int64>, ServerEvents.GapReason)
        /// The store has it.
        case page
        /// The reader has everything.
        case end
    }

    /// Events of shared pieces below this length are put behind what is made for the reader alone, into one send.
    private static let maxCopiedBytes = 4 << 10

    /// Looks at one reader and sends what it can have.
    func pump(_ slot: UInt32) {
        let phase = readers[slot].pointee.phase
        guard phase != .blocked, phase != .free else { return }
        if let several = combined(of: slot) { pumpCombined(slot, several) } else { pumpSingle(slot) }
    }

    private func pumpSingle(_ slot: UInt32) {
        let reader = readers[slot]
        var text = takePreface(slot)
        guard !reader.pointee.flags.contains(.isUnresolved) else {
            reader.pointee.phase = .waiting
            if !text.isEmpty { _ = send(text, to: slot) }
            return
        }
        let log = log(reader.pointee.log)
        addStatus(of: log, to: &text, reader)
        while true {
            let before = reader.pointee.reading
            switch nextPiece(&reader.pointee.reading, log, maxBytes: settings.maxChunkBytes) {
            case .end:
                if log.hasEnded { return end(slot, text) }
                reader.pointee.phase = .live
                if !text.isEmpty { _ = send(text, to: slot) }
                return
            case .page:
                reader.pointee.phase = .waiting
                needPage(log, after: reader.pointee.reading.sequence, for: readers.id(of: slot))
                if !text.isEmpty { _ = send(text, to: slot) }
                return
            case .gap(let lost, let reason):
                text += gap(lost, reason, log, source: nil)
            case .events(let range, let source):
                let byteCount = source.byteCount(of: range)
                if byteCount + text.count <= Self.maxCopiedBytes {
                    source.withText(of: range) { text.append(contentsOf: $0) }
                    countEvents(of: log, range)
                    continue
                }
                if !text.isEmpty {
                    guard send(text, to: slot) else {
                        reader.pointee.reading = before
                        return
                    }
                    text = []
                }
                countEvents(of: log, range)
                let piece = sharedPiece(range, of: source, log)
                if log.hasEnded, range.upperBound >= log.lastSequence {
                    return end(slot, piece, byteCount)
                }
                guard send(piece, byteCount, to: slot) else { return }
                if reader.pointee.reading.sequence < log.lastSequence, endsTurn(slot) { return }
            }
        }
    }

    // MARK: Steps

    /// Moves the reading on; what it passed must be sent, or the reading set back.
    func nextPiece(_ reading: inout LogReading, _ log: LiveLog, maxBytes: Int) -> NextPiece {
        while reading.sequence < log.lastSequence {
            let sequence = reading.sequence
            if let source = heldEvents(of: log, after: sequence) {
                let newest = log.newestProgress
                switch reading.next(in: source, newestProgress: newest, maxBytes: maxBytes) {
                case .events(let range): return .events(range, source)
                case .skipped(let range): return .gap(range, .slowReader)
                case nil: continue
                }
            }
            guard let lost = log.lostThrough(after: sequence) else { return .page }
            if let skipped = reading.announceSkips() { return .gap(skipped, .slowReader) }
            return .gap(reading.lose(through: lost), .retention)
        }
        reading.didCatchUp()
        return .end
    }

    /// What is in memory and holds the event after this one. What retention removed is not given, whether or not it is still there: a
    /// stream shows what a page shows. Who had everything before this tick, or before a large one that goes in turns, gets all of it.
    private func heldEvents(of log: LiveLog, after sequence: Int64) -> EncodedEvents? {
        if sequence < log.trimmedThrough {
            let isInTick = log.tickFirst != 0 && sequence >= log.tickBase
            let isAwaited = awaitedTick(of: log).map { sequence >= $0.after } ?? false
            guard isInTick || isAwaited else { return nil }
        }
        if log.recent.contains(sequence + 1) { return log.recent }
        return pages.page(PageDesk.Key(log: log.index, run: log.run, after: sequence))
    }

    func needPage(_ log: LiveLog, after sequence: Int64, for reader: ReaderID) {
        guard let ref = log.ref else { return }
        let key = PageDesk.Key(log: log.index, run: log.run, after: sequence)
        pages.needPage(key, of: ref, end: log.lastSequence, for: reader)
    }

    /// The newest state, if the reader was not told of it; no state comes behind the last event.
    private func addStatus(of log: LiveLog, to text: inout [UInt8], _ reader: UnsafeMutablePointer<ReaderSlot>) {
        guard reader.pointee.statusVersion != log.statusVersion else { return }
        reader.pointee.statusVersion = log.statusVersion
        guard !(log.hasEnded && reader.pointee.reading.sequence >= log.lastSequence) else { return }
        text += ServerEvents.status(snapshot: log.statusSnapshot, retryMs: settings.retryMs)
    }

    func gap(_ lost: ClosedRange<Int64>, _ reason: ServerEvents.GapReason, _ log: LiveLog, source: LogName?) -> [UInt8]
    {
        metrics.gaps += 1
        if reason == .slowReader { metrics.conflated += UInt64(lost.upperBound - lost.lowerBound + 1) }
        let epoch = log.epoch?.text ?? "0"
        return ServerEvents.gap(
            from: "\(epoch)-\(lost.lowerBound)", to: "\(epoch)-\(lost.upperBound)", reason: reason, source: source)
    }

    /// The same piece is made once for all readers that need it in this tick.
    private func sharedPiece(_ range: ClosedRange<Int64>, of source: EncodedEvents, _ log: LiveLog) -> AnyObject {
        if let piece = log.sharedPiece, piece.range == range { return piece.payload }
        let payload = source.withText(of: range) { output.makePayload($0) }
        if log.sharedPiece == nil { logsWithPieces.append(log.index) }
        log.sharedPiece = LiveLog.SharedPiece(range, payload)
        return payload
    }

    func countEvents(of log: LiveLog, _ range: ClosedRange<Int64>) {
        metrics.deliveries += UInt64(range.upperBound - range.lowerBound + 1)
        if log.isDirty { log.leftInTick = true }
    }

    // MARK: Sending

    /// True when the reader can take more.
    func send(_ text: [UInt8], to slot: UInt32) -> Bool {
        // Most streams begin with nothing but the comment.
        send(text == Self.heartbeatText ? heartbeat : payload(text), text.count, to: slot)
    }

    func send(_ payload: AnyObject, _ byteCount: Int, to slot: UInt32) -> Bool {
        metrics.sends += 1
        metrics.deliveredBytes += UInt64(byteCount)
        readers[slot].pointee.lastSentMs = UInt32(truncatingIfNeeded: nowMs)
        switch output.send(payload, to: readers.id(of: slot)) {
        case .sent: return true
        case .pending: block(slot)
        case .gone: forget(slot, .gone)
        }
        return false
    }

    func block(_ slot: UInt32) {
        readers[slot].pointee.phase = .blocked
        metrics.lagging += 1
    }

    /// The reader's logs have ended, and this is the rest.
    func end(_ slot: UInt32, _ text: [UInt8]) {
        end(slot, text.isEmpty ? nil : payload(text), text.count)
    }

    private func end(_ slot: UInt32, _ last: AnyObject?, _ byteCount: Int) {
        metrics.deliveredBytes += UInt64(byteCount)
        if last != nil { metrics.sends += 1 }
        finish(readers.id(of: slot), last: last, .ended)
    }
}
