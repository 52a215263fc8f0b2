import CLoad
import Glibc

// Reads event-stream text of one stream in whatever pieces it comes, checks the ids and takes the times. No allocation, no String and
// no reference counting per event: one memchr a line, and a copy only of a line that a read has cut in two. Lines end with LF or
// CRLF; a lone CR, which the standard allows too, is taken as data: no server sends it. Pure functions on what the pointers name.

typealias Bytes = UnsafePointer<UInt8>

enum StreamScanner {
    /// False when a line is longer than `StreamState.maxCarry`.
    @inline(__always)
    static func feed(
        _ bytes: Bytes, _ count: Int, now: UInt64, _ stream: UnsafeMutablePointer<StreamState>,
        _ tally: UnsafeMutablePointer<Tally>
    ) -> Bool {
        var next = bytes
        let end = bytes + count
        if stream.pointee.carryLength > 0 {
            guard let newline = find(0x0A, next, end) else { return stream.pointee.keep(next, end - next) }
            guard stream.pointee.keep(next, newline - next), let carry = stream.pointee.carry else { return false }
            let length = Int(stream.pointee.carryLength)
            stream.pointee.carryLength = 0
            line(Bytes(carry), Bytes(carry) + length, now, stream, tally)
            next = newline + 1
        }
        while next < end {
            guard let newline = find(0x0A, next, end) else { return stream.pointee.keep(next, end - next) }
            line(next, newline, now, stream, tally)
            next = newline + 1
        }
        return true
    }

    @inline(__always)
    private static func find(_ byte: Int32, _ start: Bytes, _ end: Bytes) -> Bytes? {
        guard let found = memchr(start, byte, end - start) else { return nil }
        return Bytes(found.assumingMemoryBound(to: UInt8.self))
    }

    @inline(__always)
    private static func line(
        _ start: Bytes, _ lineEnd: Bytes, _ now: UInt64, _ stream: UnsafeMutablePointer<StreamState>,
        _ tally: UnsafeMutablePointer<Tally>
    ) {
        var end = lineEnd
        if end > start, end[-1] == 0x0D { end -= 1 }
        guard end > start else { return dispatch(now, stream, tally) }
        switch start[0] {
        case UInt8(ascii: "d"):
            guard let value = value(start, end, "data", 4) else { return }
            data(value, end, stream)
        case UInt8(ascii: "i"):
            guard let value = value(start, end, "id", 2) else { return }
            id(value, end, stream, tally)
        case UInt8(ascii: "e"):
            guard let value = value(start, end, "event", 5) else { return }
            stream.pointee.blockName = name(value, end - value)
        case UInt8(ascii: ":"):
            tally.pointee.comments &+= 1
        default:
            return
        }
    }

    /// Where the value of the field starts; nil when the line is another field's.
    @inline(__always)
    private static func value(_ start: Bytes, _ end: Bytes, _ field: StaticString, _ length: Int) -> Bytes? {
        let count = end - start
        guard count >= length, memcmp(start, field.utf8Start, length) == 0 else { return nil }
        if count == length { return end }
        guard start[length] == UInt8(ascii: ":") else { return nil }
        let value = start + length + 1
        return value < end && value[0] == 0x20 ? value + 1 : value
    }

    /// Decimal digits from `at` on; nil without one. Wraps around instead of trapping on what a peer sent.
    @inline(__always)
    private static func digits(_ at: inout Bytes, _ end: Bytes) -> UInt64? {
        let start = at
        var number: UInt64 = 0
        while at < end {
            let digit = at[0] &- 0x30
            guard digit < 10 else { break }
            number = number &* 10 &+ UInt64(digit)
            at += 1
        }
        return at > start ? number : nil
    }

    @inline(__always)
    private static func data(_ start: Bytes, _ end: Bytes, _ stream: UnsafeMutablePointer<StreamState>) {
        let isFirst = !stream.pointee.blockHasData
        stream.pointee.blockHasData = true
        guard isFirst, stream.pointee.blockName.rawValue < StreamState.EventName.completed.rawValue else { return }
        let count = end - start
        var at: Bytes
        if count > 5, memcmp(start, "{\"t\":", 5) == 0 {
            at = start + 5
        } else if let found = cload_find(start, count, "\"t\":", 4) {
            at = found + 4
        } else {
            return
        }
        while at < end, at[0] == 0x20 { at += 1 }
        stream.pointee.blockTime = digits(&at, end) ?? 0
        // nchan's ids are times: its events carry their number in the data.
        guard stream.pointee.blockSequence == StreamState.noSequence else { return }
        guard let found = cload_find(at, end - at, "\"seq\":", 6) else { return }
        at = found + 6
        while at < end, at[0] == 0x20 { at += 1 }
        guard let sequence = digits(&at, end) else { return }
        stream.pointee.blockSequence = sequence
        stream.pointee.blockHasBadId = false
    }

    /// `17` or `k3f9-17`. Another epoch than the last one's means a new log: its numbers start at 1.
    @inline(__always)
    private static func id(
        _ start: Bytes, _ end: Bytes, _ stream: UnsafeMutablePointer<StreamState>, _ tally: UnsafeMutablePointer<Tally>
    ) {
        var prefix = end - start
        while prefix > 0, start[prefix - 1] != 0x2D { prefix -= 1 }
        var at = start + prefix
        let epochLength = prefix > 0 ? prefix - 1 : 0
        guard epochLength <= StreamState.maxEpochLength, let sequence = digits(&at, end), at == end else {
            stream.pointee.blockHasBadId = true
            return
        }
        stream.pointee.blockSequence = sequence
        guard epochLength > 0 else { return }
        let isSame = withUnsafePointer(to: &stream.pointee.epoch) { memcmp($0, start, epochLength) == 0 }
        if isSame, stream.pointee.epochLength == UInt8(truncatingIfNeeded: epochLength) { return }
        if stream.pointee.epochLength > 0, stream.pointee.lastSequence != StreamState.noSequence {
            stream.pointee.lastSequence = 0
        }
        stream.pointee.epoch = (0, 0, 0)
        withUnsafeMutablePointer(to: &stream.pointee.epoch) { _ = memcpy($0, start, epochLength) }
        stream.pointee.epochLength = UInt8(truncatingIfNeeded: epochLength)
    }

    @inline(__always)
    private static func name(_ start: Bytes, _ count: Int) -> StreamState.EventName {
        switch count {
        case 3: memcmp(start, "gap", 3) == 0 ? .gap : .other
        case 6:
            memcmp(start, "status", 6) == 0 ? .status : memcmp(start, "failed", 6) == 0 ? .failed : .other
        case 7: memcmp(start, "closing", 7) == 0 ? .closing : .other
        case 9:
            memcmp(start, "completed", 9) == 0
                ? .completed : memcmp(start, "cancelled", 9) == 0 ? .cancelled : .other
        default: .other
        }
    }

    /// The empty line: the event is whole.
    @inline(__always)
    private static func dispatch(
        _ now: UInt64, _ stream: UnsafeMutablePointer<StreamState>, _ tally: UnsafeMutablePointer<Tally>
    ) {
        guard stream.pointee.blockHasData else { return stream.pointee.beginBlock() }
        let sequence = stream.pointee.blockSequence
        let name = stream.pointee.blockName
        // Also a `gap` of a server that numbers it is one: it is counted in both ways.
        if name == .gap { tally.pointee.gapEvents &+= 1 }
        if sequence == StreamState.noSequence, name == .status || name == .gap || name == .closing {
            if name != .gap { tally.pointee.announcements &+= 1 }
            return stream.pointee.beginBlock()
        }
        if name.rawValue >= StreamState.EventName.completed.rawValue {
            stream.pointee.terminal = name
            stream.pointee.terminals &+= stream.pointee.terminals < 2 ? 1 : 0
        }
        tally.pointee.events &+= 1
        stream.pointee.events &+= 1
        if tally.pointee.firstEventAt == 0 { tally.pointee.firstEventAt = now }
        tally.pointee.lastEventAt = now
        if stream.pointee.blockHasBadId { tally.pointee.unreadableIds &+= 1 }
        time(stream.pointee.blockTime, now, stream, tally)
        if sequence != StreamState.noSequence { check(sequence, stream, tally) }
        stream.pointee.beginBlock()
    }

    @inline(__always)
    private static func time(
        _ time: UInt64, _ now: UInt64, _ stream: UnsafeMutablePointer<StreamState>,
        _ tally: UnsafeMutablePointer<Tally>
    ) {
        guard time > 0 else { return }
        if time < stream.pointee.connectedAt {
            tally.pointee.replayed &+= 1
            guard tally.pointee.timesReplay else { return }
        }
        if now >= time { tally.pointee.latency.add(ns: now - time) } else { tally.pointee.negative &+= 1 }
    }

    @inline(__always)
    private static func check(
        _ sequence: UInt64, _ stream: UnsafeMutablePointer<StreamState>, _ tally: UnsafeMutablePointer<Tally>
    ) {
        let last = stream.pointee.lastSequence
        stream.pointee.lastSequence = sequence
        if sequence == last &+ 1 || last == StreamState.noSequence { return }
        if sequence <= last {
            tally.pointee.duplicates &+= 1
            // An older one does not move the cursor back.
            stream.pointee.lastSequence = last
        } else {
            tally.pointee.gaps &+= Int(truncatingIfNeeded: sequence &- last &- 1)
        }
    }
}
