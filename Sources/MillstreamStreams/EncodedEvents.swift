// A run of consecutive events of one log as event-stream text, encoded once for all readers. A value, loop-confined. It lies in
// chunks: what was written once is not moved when more comes, and goes a chunk at a time when it is old.

import MillstreamJournal

/// Consecutive events as text, with the place of each, so that a reader can begin in the middle and leave some out.
struct EncodedEvents {
    /// Events come to chunks of at most this, but for one that is larger itself.
    static let maxChunkBytes = 32 << 10
    /// An emptied chunk up to this size is used again.
    private static let maxKeptBytes = 4 << 10

    /// The chunk that events are added to, nil at the beginning and when all were dropped; and where it lies.
    private var newest: EventChunk?
    private var tail: EventChunkPlace?
    /// The number of the first event that is held.
    private(set) var first: Int64 = 1
    /// The number of the last event that is held; `first - 1` when there is none.
    private(set) var last: Int64 = 0
    /// The chunks before the newest, each with events that are held.
    private var older: [EventChunk] = []
    // 32 bits each: thousands of logs have them, and a log holds a gigabyte at most (`streams.recent_bytes_per_log`).
    /// Bytes of text in them.
    private var olderBytes: UInt32 = 0
    /// Bytes of memory of them.
    private var olderHeldBytes: UInt32 = 0
    /// Bytes of text in the first chunk that belong to no event that is held.
    private var droppedBytes: UInt32 = 0

    var isEmpty: Bool { last < first }
    var count: Int { Int(last - first) + 1 }
    /// Bytes of text.
    var byteCount: Int { Int(olderBytes) + (tail?.pointee.textBytes ?? 0) - Int(droppedBytes) }
    /// Bytes of memory.
    var heldBytes: Int { Int(olderHeldBytes) + (tail?.pointee.heldBytes ?? 0) }

    init() {}

    /// Encodes a page. The events are consecutive; what follows a hole is left out.
    init(_ events: [EventRecord], epoch: Epoch) {
        var text: [UInt8] = []
        var marks: [EventMark] = []
        text.reserveCapacity(events.reduce(0) { $0 + $1.data.bytes.count + EventText.usualOverheadBytes })
        marks.reserveCapacity(events.count)
        for (index, event) in events.enumerated() {
            guard event.sequence == events[0].sequence + Int64(index) else { break }
            marks.append(EventText.append(event, epoch, to: &text, from: 0))
        }
        removeAll(next: events.first?.sequence ?? 1)
        // It never grows, and is best read in one piece.
        let room = text.count + marks.count * MemoryLayout<EventMark>.stride
        text.withUnsafeBytes { text in
            marks.withUnsafeBufferPointer { beginChunk(room: room).write(text, $0, cut: 0) }
        }
        last += Int64(marks.count)
    }

    func contains(_ sequence: Int64) -> Bool { sequence >= first && sequence <= last }

    // MARK: Growing and shrinking

    /// Copies a part of a commit's text, but for its first events. The rest of it follows the last event that is held; if there is none,
    /// it begins anew.
    mutating func append(_ run: CommitTexts.Run, _ pieces: CommitTexts.Pieces, skipping skipped: Int) {
        let marks = UnsafeBufferPointer(rebasing: pieces.marks[(run.firstMark + skipped)..<(run.firstMark + run.count)])
        guard let cut = marks.first?.start else { return }
        if isEmpty { removeAll(next: run.first + Int64(skipped)) }
        let text = pieces.bytes[(run.start + Int(cut))..<(run.start + run.byteCount)]
        add(UnsafeRawBufferPointer(rebasing: text), marks)
    }

    /// - Parameter marks: their first one is where the text begins.
    private mutating func add(_ text: UnsafeRawBufferPointer, _ marks: UnsafeBufferPointer<EventMark>) {
        guard let cut = marks.first?.start else { return }
        let needed = text.count + marks.count * MemoryLayout<EventMark>.stride
        guard needed <= Self.maxChunkBytes || marks.count == 1 else {
            for index in marks.indices {
                let start = Int(marks[index].start - cut)
                let end = index + 1 < marks.count ? Int(marks[index + 1].start - cut) : text.count
                add(
                    UnsafeRawBufferPointer(rebasing: text[start..<end]),
                    UnsafeBufferPointer(rebasing: marks[index...index]))
            }
            return
        }
        // What a copy of this value sees is not written to.
        if let tail, tail.pointee.freeBytes >= needed, isKnownUniquelyReferenced(&newest) {
            tail.write(text, marks, cut: cut)
        } else {
            beginChunk(room: needed).write(text, marks, cut: cut)
        }
        last += Int64(marks.count)
    }

    /// Most logs get some more events than they have: a new chunk has room for three times as much as is held. The first event alone
    /// gets what it needs.
    private mutating func beginChunk(room: Int) -> EventChunkPlace {
        let usual = min(byteCount * 3, Self.maxChunkBytes)
        if let newest, let tail, !isEmpty {
            older.append(newest)
            olderBytes += UInt32(tail.pointee.textBytes)
            olderHeldBytes += UInt32(tail.pointee.heldBytes)
        }
        let chunk = EventChunk.make(first: last + 1, room: max(room, usual))
        newest = chunk
        tail = chunk.place
        return chunk.place
    }

    mutating func removeAll(next: Int64) {
        let kept = older.isEmpty && isKnownUniquelyReferenced(&newest) ? tail : nil
        if let kept, kept.pointee.capacity <= Self.maxKeptBytes {
            kept.pointee = EventChunkHeader(first: next, capacity: kept.pointee.capacity)
        } else {
            newest = nil
            tail = nil
        }
        if !older.isEmpty { older = [] }
        (olderBytes, olderHeldBytes, droppedBytes) = (0, 0, 0)
        (first, last) = (next, next - 1)
    }

    /// Drops the oldest events until at most `maxBytes` of text are left. Returns whether there were more.
    @discardableResult
    mutating func shrink(toBytes maxBytes: Int) -> Bool {
        guard byteCount > maxBytes else { return false }
        // Somewhat more than needed, so that a busy log does not come here for each event.
        let target = maxBytes - maxBytes / 8
        var gone = 0
        while byteCount > target, gone < older.count {
            let front = older[gone].place
            if byteCount - (front.pointee.textBytes - Int(droppedBytes)) < target {
                dropEvents(from: front, toBytes: target)
                if first < front.pointee.first + Int64(front.pointee.count) { break }
            }
            first = front.pointee.first + Int64(front.pointee.count)
            olderBytes -= UInt32(front.pointee.textBytes)
            olderHeldBytes -= UInt32(front.pointee.heldBytes)
            droppedBytes = 0
            gone += 1
        }
        if gone > 0 { older.removeFirst(gone) }
        if older.isEmpty, let tail {
            dropEvents(from: tail, toBytes: target)
            if isEmpty { self = EncodedEvents(next: first) }
        }
        return true
    }

    private init(next: Int64) {
        (first, last) = (next, next - 1)
    }

    /// Drops events of the first chunk until so much is left, or none of them. Their room is free when the chunk goes.
    private mutating func dropEvents(from front: EventChunkPlace, toBytes target: Int) {
        let end = front.pointee.first + Int64(front.pointee.count)
        while byteCount > target, first < end {
            first += 1
            droppedBytes = UInt32(front.start(of: first))
        }
    }

    /// Looks at the memory behind which the next event will be written. What it returns tells nothing.
    @inline(__always)
    func glance() -> UInt { tail?.glance() ?? 0 }

    // MARK: Reading. The numbers are held ones.

    func isProgress(_ sequence: Int64) -> Bool { chunk(of: sequence).mark(of: sequence).isProgress }

    func byteCount(of sequence: Int64) -> Int {
        chunk(of: sequence).text(of: sequence...sequence).count
    }

    func byteCount(of range: ClosedRange<Int64>) -> Int {
        var count = 0
        forEachPiece(of: range) { count += $0.count }
        return count
    }

    /// In one piece: where the events lie in several chunks, as a copy.
    func withText<Result>(of range: ClosedRange<Int64>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let text = textInPlace(of: range) { return withExtendedLifetime(self) { body(text) } }
        return withUnsafeTemporaryAllocation(byteCount: byteCount(of: range), alignment: 1) { copy in
            var end = 0
            forEachPiece(of: range) { piece in
                UnsafeMutableRawBufferPointer(rebasing: copy[end...]).copyMemory(from: piece)
                end += piece.count
            }
            return body(UnsafeRawBufferPointer(copy))
        }
    }

    /// The same without a copy and without a count of references, which would wait for cold memory: valid until the events change next.
    /// Nil where they lie in several chunks.
    @inline(__always)
    func textInPlace(of range: ClosedRange<Int64>) -> UnsafeRawBufferPointer? {
        let chunk = chunk(of: range.upperBound)
        return range.lowerBound >= chunk.pointee.first ? chunk.text(of: range) : nil
    }

    /// The event's text without its id line.
    func withTextAfterID<Result>(of sequence: Int64, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let chunk = chunk(of: sequence)
        let text = chunk.text(of: sequence...sequence)
        let idBytes = Int(chunk.mark(of: sequence).idBytes)
        return withExtendedLifetime(self) { body(UnsafeRawBufferPointer(rebasing: text[idBytes...])) }
    }

    private func forEachPiece(of range: ClosedRange<Int64>, _ body: (UnsafeRawBufferPointer) -> Void) {
        var next = range.lowerBound
        while next <= range.upperBound {
            let chunk = chunk(of: next)
            let end = min(range.upperBound, chunk.pointee.first + Int64(chunk.pointee.count) - 1)
            body(chunk.text(of: next...end))
            next = end + 1
        }
    }

    @inline(__always)
    private func chunk(of sequence: Int64) -> EventChunkPlace {
        if let tail, sequence >= tail.pointee.first { return tail }
        return olderChunk(of: sequence)
    }

    private func olderChunk(of sequence: Int64) -> EventChunkPlace {
        var (low, high) = (0, older.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if older[middle].place.pointee.first <= sequence { low = middle } else { high = middle }
        }
        return older[low].place
    }
}
