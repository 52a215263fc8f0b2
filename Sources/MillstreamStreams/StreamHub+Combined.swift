// Readers of several logs. Data lines are shared text; the id line is made for each, since it tells the place in all logs.
// Loop-confined.

import MillstreamJournal

extension StreamHub {
    /// Sends what the reader can have of all its logs, in turns, in pieces of `maxOwnChunkBytes`.
    func pumpCombined(_ slot: UInt32, _ reader: CombinedReader) {
        readers[slot].pointee.phase = .live
        while true {
            var text = takePreface(slot)
            var hasMore = false
            let count = reader.entries.count
            reader.turn = reader.turn + 1 < count ? reader.turn + 1 : 0
            for step in 0..<count {
                let place = (reader.turn + step) % count
                guard text.count < settings.maxOwnChunkBytes else {
                    hasMore = true
                    break
                }
                if collect(place, of: reader, slot, into: &text) { hasMore = true }
            }
            if !hasMore, reader.entries.allSatisfy(\.isAtEnd) { return end(slot, text) }
            guard !text.isEmpty else { return }
            guard send(text, to: slot), hasMore, !endsTurn(slot) else { return }
        }
    }

    /// Takes what there is of one log. True when the text is full before the log's end.
    private func collect(
        _ place: Int, of reader: CombinedReader, _ slot: UInt32, into text: inout [UInt8]
    ) -> Bool {
        guard reader.entries[place].unresolved == nil else { return false }
        let log = log(reader.entries[place].log)
        addStatus(of: log, at: place, of: reader, to: &text)
        while text.count < settings.maxOwnChunkBytes {
            let budget = settings.maxOwnChunkBytes - text.count
            switch nextPiece(&reader.entries[place].reading, log, maxBytes: budget) {
            case .end:
                reader.entries[place].isAtEnd = log.hasEnded
                return false
            case .page:
                needPage(log, after: reader.entries[place].reading.sequence, for: readers.id(of: slot))
                return false
            case .gap(let lost, let reason):
                text += gap(lost, reason, log, source: log.name)
                reader.note(reader.entries[place].reading.received, epoch: log.epoch, at: place)
            case .events(let range, let source):
                for sequence in range {
                    reader.note(sequence, epoch: log.epoch, at: place)
                    reader.appendIDLine(place: place, to: &text)
                    source.withTextAfterID(of: sequence) { text.append(contentsOf: $0) }
                }
                countEvents(of: log, range)
            }
        }
        return true
    }

    private func addStatus(of log: LiveLog, at place: Int, of reader: CombinedReader, to text: inout [UInt8]) {
        guard reader.entries[place].statusVersion != log.statusVersion else { return }
        reader.entries[place].statusVersion = log.statusVersion
        guard !(log.hasEnded && reader.entries[place].reading.sequence >= log.lastSequence) else { return }
        text += ServerEvents.status(snapshot: log.statusSnapshot, source: log.name, retryMs: settings.retryMs)
    }
}
