import CLoad

// Takes the transfer framing off a stream's body and hands the text to the scanner: in place, whole chunks at a time, whatever the
// pieces they come in. Pure functions on what the pointers name.

enum BodyReader {
    enum Outcome { case open, ended, malformed }

    @inline(__always)
    static func feed(
        _ bytes: Bytes, _ count: Int, now: UInt64, _ stream: UnsafeMutablePointer<StreamState>,
        _ tally: UnsafeMutablePointer<Tally>
    ) -> Outcome {
        switch stream.pointee.framing {
        case .chunked: chunked(bytes, count, now, stream, tally)
        case .plain: plain(bytes, count, now, stream, tally)
        }
    }

    private static func plain(
        _ bytes: Bytes, _ count: Int, _ now: UInt64, _ stream: UnsafeMutablePointer<StreamState>,
        _ tally: UnsafeMutablePointer<Tally>
    ) -> Outcome {
        let untilEnd = stream.pointee.remaining < 0
        let taken = untilEnd ? count : min(count, stream.pointee.remaining)
        guard StreamScanner.feed(bytes, taken, now: now, stream, tally) else { return .malformed }
        if untilEnd { return .open }
        stream.pointee.remaining -= taken
        return stream.pointee.remaining == 0 ? .ended : .open
    }

    private static func chunked(
        _ bytes: Bytes, _ count: Int, _ now: UInt64, _ stream: UnsafeMutablePointer<StreamState>,
        _ tally: UnsafeMutablePointer<Tally>
    ) -> Outcome {
        var next = bytes
        let end = bytes + count
        while next < end {
            switch stream.pointee.chunkPhase {
            case .size:
                guard sizeByte(next[0], stream) else { return .malformed }
                next += 1
            case .sizeEnd:
                let byte = next[0]
                next += 1
                guard byte == 0x0A else { continue }
                if stream.pointee.remaining == 0 { return .ended }
                stream.pointee.chunkPhase = .data
            case .data:
                let taken = min(end - next, stream.pointee.remaining)
                guard StreamScanner.feed(next, taken, now: now, stream, tally) else { return .malformed }
                next += taken
                stream.pointee.remaining -= taken
                if stream.pointee.remaining == 0 { stream.pointee.chunkPhase = .dataEnd }
            case .dataEnd:
                let byte = next[0]
                next += 1
                if byte == 0x0A {
                    stream.pointee.chunkPhase = .size
                    stream.pointee.sawDigit = false
                } else if byte != 0x0D {
                    return .malformed
                }
            }
        }
        return .open
    }

    /// One byte of a chunk's size. False when it cannot be one.
    @inline(__always)
    private static func sizeByte(_ byte: UInt8, _ stream: UnsafeMutablePointer<StreamState>) -> Bool {
        let value: UInt8
        switch byte {
        case 0x30...0x39: value = byte - 0x30
        case 0x61...0x66: value = byte - 0x61 + 10
        case 0x41...0x46: value = byte - 0x41 + 10
        case 0x0D, 0x20, 0x3B:
            stream.pointee.chunkPhase = .sizeEnd
            return stream.pointee.sawDigit
        case 0x0A:
            guard stream.pointee.sawDigit else { return false }
            stream.pointee.chunkPhase = .data
            // A last chunk of bare line feeds: the caller sees it at the next byte, which is there by the standard.
            if stream.pointee.remaining == 0 { stream.pointee.chunkPhase = .sizeEnd }
            return true
        default: return false
        }
        guard stream.pointee.remaining < 1 << 40 else { return false }
        stream.pointee.remaining = stream.pointee.remaining << 4 | Int(value)
        stream.pointee.sawDigit = true
        return true
    }
}
