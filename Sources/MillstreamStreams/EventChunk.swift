// One piece of memory for consecutive events of a log: text grows from its beginning, a mark for each event from its end. It is never
// moved and never grows: a log that needs more begins another. Loop-confined.

/// Room for events as event-stream text, with the place of each. What was written stays as it is for as long as the chunk lives.
typealias EventChunk = ManagedBuffer<EventChunkHeader, UInt64>

/// A chunk's header where it lies, and through it everything in the chunk. Counts no reference: valid while the chunk is held.
typealias EventChunkPlace = UnsafeMutablePointer<EventChunkHeader>

extension EventChunk {
    /// - Parameters:
    ///   - first: the number of the event that will be written first.
    ///   - room: bytes for text and marks, at least.
    static func make(first: Int64, room: Int) -> EventChunk {
        let words = (room + 7) / 8
        return create(minimumCapacity: words) { _ in EventChunkHeader(first: first, capacity: words * 8) }
    }

    var place: EventChunkPlace { withUnsafeMutablePointerToHeader { $0 } }
}

/// What is in a chunk; its text begins behind it. A plain value.
struct EventChunkHeader {
    /// The number of its first event.
    let first: Int64
    /// Bytes for text and marks together.
    let capacity: Int
    var textBytes = 0
    /// Events.
    var count = 0

    var freeBytes: Int { capacity - textBytes - count * MemoryLayout<EventMark>.stride }
    /// Bytes of memory: an object, its header, and what it has room for.
    var heldBytes: Int { 16 + MemoryLayout<Self>.stride + capacity }
}

/// Where an event begins in a text. A plain value.
struct EventMark {
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

extension EventChunkPlace {
    @inline(__always)
    private var memory: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self + 1) }

    /// The mark of the event so many places behind the first.
    @inline(__always)
    private func markPlace(_ index: Int) -> UnsafeMutablePointer<EventMark> {
        let end = memory + pointee.capacity
        return (end - (index + 1) * MemoryLayout<EventMark>.stride).assumingMemoryBound(to: EventMark.self)
    }

    /// There is room for them.
    /// - Parameter cut: where the text begins in what the marks count from.
    @inline(__always)
    func write(_ text: UnsafeRawBufferPointer, _ marks: UnsafeBufferPointer<EventMark>, cut: UInt32) {
        if let source = text.baseAddress {
            (memory + pointee.textBytes).copyMemory(from: source, byteCount: text.count)
        }
        let shift = UInt32(truncatingIfNeeded: pointee.textBytes) &- cut
        for index in marks.indices {
            var mark = marks[index]
            mark.start &+= shift
            markPlace(pointee.count + index).initialize(to: mark)
        }
        pointee.textBytes += text.count
        pointee.count += marks.count
    }

    /// Of an event that it holds.
    @inline(__always)
    func mark(of sequence: Int64) -> EventMark { markPlace(Int(sequence - pointee.first)).pointee }

    /// Where the event begins; behind the last one, where the text ends.
    @inline(__always)
    func start(of sequence: Int64) -> Int {
        let index = Int(sequence - pointee.first)
        return index < pointee.count ? Int(markPlace(index).pointee.start) : pointee.textBytes
    }

    /// The text of events that it holds.
    @inline(__always)
    func text(of range: ClosedRange<Int64>) -> UnsafeRawBufferPointer {
        let start = start(of: range.lowerBound)
        return UnsafeRawBufferPointer(start: memory + start, count: self.start(of: range.upperBound + 1) - start)
    }

    /// Looks at the memory behind which the next event will be written. What it returns tells nothing.
    @inline(__always)
    func glance() -> UInt {
        guard pointee.count > 0 else { return 0 }
        let byte = memory.load(fromByteOffset: pointee.textBytes - 1, as: UInt8.self)
        return UInt(byte) &+ UInt(markPlace(pointee.count - 1).pointee.start)
    }
}
