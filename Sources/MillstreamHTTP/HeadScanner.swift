import Glibc

// Finds the end of a request head in bytes that arrive in pieces, looking at each byte once. It accepts CR LF only: a bare
// line feed is refused at once instead of waiting for a head that never ends. A value of one connection.

struct HeadScanner {
    enum Finding: Equatable {
        case incomplete
        /// The head has this many bytes, the empty line included.
        case complete(byteCount: Int)
        case bareLineFeed
    }

    /// Bytes that were looked at.
    private var scanned = 0
    private var lineStart = 0
    /// True once the request line has ended.
    private(set) var hasRequestLine = false

    /// Looks on in `bytes`, which begins where it began at the last call.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Finding {
        guard let base = bytes.baseAddress else { return .incomplete }
        while scanned < bytes.count {
            guard let found = memchr(base + scanned, Int32(ASCII.lineFeed), bytes.count - scanned) else {
                scanned = bytes.count
                return .incomplete
            }
            let position = UnsafeRawPointer(found) - base
            guard position > lineStart, bytes[position - 1] == ASCII.carriageReturn else { return .bareLineFeed }
            scanned = position + 1
            if position - 1 == lineStart, hasRequestLine { return .complete(byteCount: scanned) }
            lineStart = scanned
            hasRequestLine = true
        }
        return .incomplete
    }
}
