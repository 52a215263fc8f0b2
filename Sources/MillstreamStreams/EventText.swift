// How one event is written as event-stream text. Pure functions on any thread: the journal's writes what was committed, the loop's
// the pages that come from the store.

import MillstreamJournal
import MillstreamSSE

enum EventText {
    /// `id: `, 12 characters of an epoch, a hyphen, 19 digits, the end of the line.
    private static let maxIDLineBytes = 4 + 12 + 1 + 19 + 1
    /// Together with the id line 1,024: beyond that a temporary allocation is not on the stack.
    static let maxPlainBytes = 1024 - maxIDLineBytes
    /// About what an event needs besides its data.
    static let usualOverheadBytes = 96

    /// Appends the event, its id line first. Returns where it begins, counted from `origin`.
    static func append(_ event: EventRecord, _ epoch: Epoch, to bytes: inout [UInt8], from origin: Int) -> EventMark {
        let start = bytes.count
        let idBytes = appendPlain(event, epoch, to: &bytes) ?? appendLines(event, epoch, to: &bytes)
        return EventMark(start: start - origin, idBytes: idBytes, isProgress: event.name == EventName.progress)
    }

    /// Line by line. Returns the bytes of the id line.
    private static func appendLines(_ event: EventRecord, _ epoch: Epoch, to bytes: inout [UInt8]) -> Int {
        let start = bytes.count
        appendIDLine(epoch, event.sequence, to: &bytes)
        let idBytes = bytes.count - start
        do {
            try SSEEncoder.appendEvent(id: nil, name: event.name, data: event.data.bytes, to: &bytes)
        } catch {
            // Names are checked at the edge. Should a store bring a bad one, the event still has its place in the log.
            try? SSEEncoder.appendEvent(id: nil, name: nil, data: event.data.bytes, to: &bytes)
        }
        return idBytes
    }

    /// Nearly all events are one short line: they are put together on the stack and go over in one piece. Nil, and nothing is appended,
    /// when that does not do; else the bytes of the id line.
    private static func appendPlain(_ event: EventRecord, _ epoch: Epoch, to bytes: inout [UInt8]) -> Int? {
        let eventBytes = SSEEncoder.plainEventBytes(name: event.name, data: event.data.bytes)
        guard eventBytes <= maxPlainBytes else { return nil }
        let capacity = maxIDLineBytes + eventBytes
        return withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { memory in
            let idBytes = writeIDLine(epoch, event.sequence, to: memory)
            let rest = UnsafeMutableRawBufferPointer(rebasing: memory[idBytes...])
            guard let count = SSEEncoder.writePlainEvent(name: event.name, data: event.data.bytes, to: rest) else {
                return nil
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: memory[..<(idBytes + count)]))
            return idBytes
        }
    }

    private static func appendIDLine(_ epoch: Epoch, _ sequence: Int64, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: maxIDLineBytes, alignment: 1) { memory in
            let count = writeIDLine(epoch, sequence, to: memory)
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
}
