// A run of consecutive events of one log as event-stream text, encoded once for all readers. A value, loop-confined; the
// text of a page never changes, that of a log's recent events grows at its end and is dropped from its beginning.

import MillstreamJournal

/// Consecutive events as text, with the place of each, so that a reader can begin in the middle and leave some out.
struct EncodedEvents {
    /// Where an event begins in a text. A plain value.
    struct Mark {
        var start: UInt32
        /// Bytes of its id line, which streams of several logs replace.
        var idBytes: UInt8
        var isProgress: Bool

        init(start: Int, idBytes: Int, isProgress: Bool) {
            self.start = UInt32(start)
            self.idBytes = UInt8(truncatingIfNeeded: idBytes)
            self.isProgress = isProgress
        }
    }

    /// No text grows beyond this, so that places fit 32 bits.
    static let maxBytes = 1 << 30
    private static let maxQuadrupledBytes = 1_024

    private var bytes: [UInt8] = []
    private var marks: [Mark] = []
    /// Marks before this one were dropped; their room is reclaimed in large pieces.
    private var head = 0
    /// The number of the first event that is held.
    private(set) var first: Int64 = 1

    var isEmpty: Bool { head == marks.count }
    var count: Int { marks.count - head }
    /// The number of the last event that is held; `first - 1` when there is none.
    var last: Int64 { first + Int64(count) - 1 }
    /// Bytes of text.
    var byteCount: Int { bytes.count - start(of: head) }
    /// Bytes of memory.
    var heldBytes: Int { bytes.capacity + marks.capacity * MemoryLayout<Mark>.stride }

    init() {}

    /// Encodes a page. The events are consecutive; what follows a hole is left out.
    init(_ events: [EventRecord], epoch: Epoch) {
        bytes.reserveCapacity(events.reduce(0) { $0 + $1.data.bytes.count + EventText.usualOverheadBytes })
        marks.reserveCapacity(events.count)
        for event in events {
            guard isEmpty || event.sequence == last + 1 else { return }
            append(event, epoch: epoch)
        }
    }

    func contains(_ sequence: Int64) -> Bool { sequence >= first && sequence <= last }

    // MARK: Growing and shrinking

    /// The event follows the last one, or is the first.
    mutating func append(_ event: EventRecord, epoch: Epoch) {
        if isEmpty { removeAll(next: event.sequence) }
        guard event.sequence == last + 1 else { return }
        if bytes.count > Self.maxBytes - event.data.bytes.count { removeAll(next: event.sequence) }
        let start = bytes.count
        let idBytes = EventText.append(event, epoch, to: &bytes)
        marks.append(Mark(start: start, idBytes: idBytes, isProgress: event.name == EventName.progress))
    }

    /// Copies a part of a commit's text, but for its first events. The rest of it follows the last event that is held; if there is none,
    /// it begins anew.
    mutating func append(_ run: CommitTexts.Run, _ pieces: CommitTexts.Pieces, skipping skipped: Int) {
        let marks = pieces.marks[(run.firstMark + skipped)..<(run.firstMark + run.count)]
        guard let cut = marks.first?.start else { return }
        let text = pieces.bytes[(run.start + Int(cut))..<(run.start + run.byteCount)]
        if isEmpty || bytes.count > Self.maxBytes - text.count { removeAll(next: run.first + Int64(skipped)) }
        let shift = UInt32(truncatingIfNeeded: bytes.count) &- cut
        makeRoom(for: text.count)
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text))
        for mark in marks {
            var mark = mark
            mark.start &+= shift
            self.marks.append(mark)
        }
    }

    /// Most logs get some more events than they have: room for four times as many spares every other move of cold text. The first event
    /// alone gets what it needs, and long texts double, as arrays do.
    private mutating func makeRoom(for count: Int) {
        let needed = bytes.count + count
        guard needed > bytes.capacity, !bytes.isEmpty, bytes.count <= Self.maxQuadrupledBytes else { return }
        bytes.reserveCapacity(max(needed, bytes.count * 4))
    }

    mutating func removeAll(next: Int64) {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 4096)
        marks.removeAll(keepingCapacity: true)
        head = 0
        first = next
    }

    /// Drops the oldest events until at most `maxBytes` of text are left. Returns whether there were more.
    @discardableResult
    mutating func shrink(toBytes maxBytes: Int) -> Bool {
        // First what is at hand: the marks of a log that got one event are cold.
        guard bytes.count > maxBytes, byteCount > maxBytes else { return false }
        // Somewhat more than needed, so that a busy log does not come here for each event.
        let target = maxBytes - maxBytes / 8
        while head < marks.count, bytes.count - start(of: head) > target {
            head += 1
            first += 1
        }
        if isEmpty {
            bytes = []
            marks = []
            head = 0
        } else if start(of: head) >= bytes.count / 2 {
            reclaim()
        }
        return true
    }

    private mutating func reclaim() {
        let dropped = start(of: head)
        bytes.removeSubrange(..<dropped)
        marks.removeSubrange(..<head)
        head = 0
        for index in marks.indices { marks[index].start -= UInt32(dropped) }
    }

    /// Looks at the memory behind which the next event will be written. What it returns tells nothing.
    @inline(__always)
    func glance() -> UInt {
        guard let byte = bytes.last, let mark = marks.last else { return 0 }
        return UInt(byte) &+ UInt(mark.start)
    }

    // MARK: Reading. The numbers are held ones.

    func isProgress(_ sequence: Int64) -> Bool { marks[index(sequence)].isProgress }

    func byteCount(of sequence: Int64) -> Int {
        let index = index(sequence)
        return start(of: index + 1) - start(of: index)
    }

    func byteCount(of range: ClosedRange<Int64>) -> Int {
        start(of: index(range.upperBound) + 1) - start(of: index(range.lowerBound))
    }

    func withText<Result>(of range: ClosedRange<Int64>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let text = start(of: index(range.lowerBound))..<start(of: index(range.upperBound) + 1)
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[text])) }
    }

    /// The same without a count of references, which would wait for cold memory: valid until the events change next.
    func unownedText(of range: ClosedRange<Int64>) -> UnsafeRawBufferPointer {
        withText(of: range) { $0 }
    }

    /// The event's text without its id line.
    func withTextAfterID<Result>(of sequence: Int64, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let index = index(sequence)
        let text = (start(of: index) + Int(marks[index].idBytes))..<start(of: index + 1)
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[text])) }
    }

    private func index(_ sequence: Int64) -> Int { head + Int(sequence - first) }

    private func start(of index: Int) -> Int { index < marks.count ? Int(marks[index].start) : bytes.count }
}
