// What a commit's events do to their logs: each log takes its part of the commit's text, and is flushed at the end of the tick.
// Loop-confined; nothing here sends. This is the way of every event, so nothing on it counts references, hashes names or allocates
// but for the text that a log keeps.

import MillstreamJournal

extension StreamHub {
    /// How many logs are looked at ahead of their turn: enough to wait for memory once for many, few enough for the caches.
    private static let outlook = 32

    /// The events of the logs at these places of a commit, in this order.
    /// - Parameter emittedAtNs: when the first of them was emitted, for ``didDeliver``; may be left out.
    public func commit(_ texts: CommitTexts, at places: Range<Int>, emittedAtNs: UInt64? = nil) {
        texts.withPieces { pieces in
            var seenTo = places.lowerBound
            for place in places {
                if place == seenTo {
                    seenTo = min(place + Self.outlook, places.upperBound)
                    if seenTo - place > 1 { expect(pieces.runs[place..<seenTo]) }
                }
                let ref = pieces.runs[place].ref
                if let found = refs.find(ref) {
                    found._withUnsafeGuaranteedRef { log in
                        if !log.isRemoved { take(place, of: pieces, emittedAtNs, into: log) }
                    }
                } else {
                    let head = texts.heads[place]
                    let log = findOrMake(head.name)
                    if enter(ref, head.epoch, log) { take(place, of: pieces, emittedAtNs, into: log) }
                }
            }
        }
    }

    private func take(_ place: Int, of pieces: CommitTexts.Pieces, _ emittedAtNs: UInt64?, into log: LiveLog) {
        let run = pieces.runs[place]
        guard run.count > 0 else { return }
        // A channel never ends, so its commits tell all there is to know of it: up to the first of them it was there before. Readers
        // that wait for its head stand within that, and not beyond the end of an empty log.
        if run.isChannel {
            log.lastSequence = max(log.lastSequence, run.first - 1)
            if log.head != .known { knowHead(of: log) }
        }
        let (added, byteCount) = log.append(run, pieces)
        guard added > 0 else { return }
        metrics.events &+= UInt64(added)
        metrics.eventBytes &+= UInt64(byteCount)
        if let emittedAtNs, log.hasReaders {
            log.tickEmissionCount += UInt32(added)
            log.tickEmittedAtNs = min(log.tickEmittedAtNs, emittedAtNs)
        }
        log.lastSequence = max(log.lastSequence, run.last)
        markDirty(log)
    }

    /// Events of these logs come next. With thousands of logs all that a log and its reader need is cold memory, and in its turn each
    /// event would wait for a dozen lines of it, one after the other; looked at ahead, and with nothing in between that must wait,
    /// those of many logs come at the same time.
    /// In steps, each over all of them: what a step finds is where the next one looks, so within a step no look waits for another.
    private func expect(_ runs: Slice<UnsafeBufferPointer<CommitTexts.Run>>) {
        var sum: UInt = 0
        for run in runs { sum &+= refs.glance(run.ref) }
        withUnsafeTemporaryAllocation(of: Unmanaged<LiveLog>.self, capacity: Self.outlook) { found in
            var count = 0
            for run in runs {
                guard let log = refs.find(run.ref) else { continue }
                sum &+= log._withUnsafeGuaranteedRef { UInt($0.run) &+ UInt($0.tickEmissionCount) }
                found.initializeElement(at: count, to: log)
                count += 1
            }
            for place in 0..<count {
                found[place]._withUnsafeGuaranteedRef { log in
                    sum &+= log.recent.glance()
                    if let slot = log.members.first { sum &+= readers.glance(slot) &+ output.expect(slot) }
                }
            }
        }
        lookedAt &+= sum
    }
}
