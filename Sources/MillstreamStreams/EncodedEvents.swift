// A run of consecutive events of one log as event-stream text, encoded once for all readers. A value, loop-confined; the
// text of a page never changes, that of a log's recent events grows at its end and is dropped from its beginning.

import MillstreamJournal
import MillstreamSSE

/// Consecutive events as text, with the place of each, so that a reader can begin in the middle and leave some out.
struct EncodedEvents {
    private struct Mark {
        /// Where the event begins in `bytes`.
        var start: UInt32
        /// Bytes of its id line, which streams of several logs replace.
        var idBytes: UInt8
        var isProgress: Bool
    }

    /// No text grows beyond this, so that places fit 32 bits.
    static let maxBytes = 1 << 30

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
        bytes.reserveCapacity(events.reduce(0) { $0 + $1.data.bytes.count + 96 })
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
        let isProgress = event.name == EventName.progress
        if let idBytes = appendPlain(event, epoch) {
            addMark(start, idBytes, isProgress)
            return
        }
        appendIDLine(epoch, event.sequence)
        let idBytes = bytes.count - start
        do {
            try SSEEncoder.appendEvent(id: nil, name: event.name, data: event.data.bytes, to: &bytes)
        } catch {
            // Names are checked at the edge. Should a store bring a bad one, the event still has its place in the log.
            try? SSEEncoder.appendEvent(id: nil, name: nil, data: event.data.bytes, to: &bytes)
        }
        addMark(start, idBytes, isProgress)
    }

    private mutating func addMark(_ start: Int, _ idBytes: Int, _ isProgress: Bool) {
        marks.append(Mark(start: UInt32(start), idBytes: UInt8(truncatingIfNeeded: idBytes), isProgress: isProgress))
    }

    /// Nearly all events are one short line: they are put together on the stack and go over in one piece. Nil, and nothing is appended,
    /// when that does not do; else the bytes of the id line.
    private mutating func appendPlain(_ event: EventRecord, _ epoch: Epoch) -> Int? {
        let eventBytes = SSEEncoder.plainEventBytes(name: event.name, data: event.data.bytes)
        guard eventBytes <= Self.maxPlainBytes else { return nil }
        let capacity = Self.maxIDLineBytes + eventBytes
        return withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { memory in
            let idBytes = Self.writeIDLine(epoch, event.sequence, to: memory)
            let rest = UnsafeMutableRawBufferPointer(rebasing: memory[idBytes...])
            guard let count = SSEEncoder.writePlainEvent(name: event.name, data: event.data.bytes, to: rest) else {
                return nil
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: memory[..<(idBytes + count)]))
            return idBytes
        }
    }

    /// `id: `, 12 characters of an epoch, a hyphen, 19 digits, the end of the line.
    private static let maxIDLineBytes = 4 + 12 + 1 + 19 + 1
    /// Together with the id line 1,024: beyond that a temporary allocation is not on the stack.
    static let maxPlainBytes = 1024 - maxIDLineBytes

    private mutating func appendIDLine(_ epoch: Epoch, _ sequence: Int64) {
        withUnsafeTemporaryAllocation(byteCount: Self.maxIDLineBytes, alignment: 1) { memory in
            let count = Self.writeIDLine(epoch, sequence, to: memory)
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        }
    }

    /// `memory` has room for `maxIDLineBytes`.
    private static func writeIDLine(
        _ epoch: Epoch, _ sequence: Int64, to memory: UnsafeMutableRawBufferPointer
    ) -> Int {
        var count = 0
        func write(_ byte: UInt8) {
            memory[count] = byte
            count += 1
        }
        write(UInt8(ascii: "i"))
        write(UInt8(ascii: "d"))
        write(UInt8(ascii: ":"))
        write(UInt8(ascii: " "))
        for byte in epoch.text.utf8 { write(byte) }
        write(UInt8(ascii: "-"))
        count += DecimalText.write(sequence, to: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
        write(UInt8(ascii: "\n"))
        return count
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

    /// The event's text without its id line.
    func withTextAfterID<Result>(of sequence: Int64, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let index = index(sequence)
        let text = (start(of: index) + Int(marks[index].idBytes))..<start(of: index + 1)
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[text])) }
    }

    private func index(_ sequence: Int64) -> Int { head + Int(sequence - first) }

    private func start(of index: Int) -> Int { index < marks.count ? Int(marks[index].start) : bytes.count }
}
