import Glibc

// Finds the end of a request head in bytes that arrive in pieces, looking at each byte once. It accepts CR LF only: a bare
// line feed is refused at once instead of waiting for a head that never ends. Empty lines before the request line are passed
// over (RFC 9112 section 2.2) and belong to the head: its bound of bytes counts them. A value of one connection.

struct HeadScanner {
    enum Finding: Equatable {
        case incomplete
        /// The head has this many bytes, the empty lines at both of its ends included.
        case complete(byteCount: Int)
        /// A bare line feed, or a first line that begins like no request.
        case noLines
    }

    /// Bytes that were looked at.
    private var scanned = 0
    private var lineStart = 0
    /// True once the request line has ended.
    private(set) var hasRequestLine = false
    /// Bytes of empty lines before the request line.
    private(set) var emptyLineBytes = 0

    /// Looks on in `bytes`, which begins where it began at the last call.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Finding {
        guard hasRequestLine || beginsLikeARequest(bytes) else { return .noLines }
        guard let base = bytes.baseAddress else { return .incomplete }
        while scanned < bytes.count {
            guard let found = memchr(base + scanned, Int32(ASCII.lineFeed), bytes.count - scanned) else {
                scanned = bytes.count
                return .incomplete
            }
            let position = UnsafeRawPointer(found) - base
            guard position > lineStart, bytes[position - 1] == ASCII.carriageReturn else { return .noLines }
            scanned = position + 1
            if position - 1 == lineStart, hasRequestLine { return .complete(byteCount: scanned) }
            lineStart = scanned
            hasRequestLine = true
        }
        return .incomplete
    }

    /// Passes over empty lines; false when what stands behind them is no method. Whoever speaks another protocol learns it by the
    /// first byte.
    private mutating func beginsLikeARequest(_ bytes: UnsafeRawBufferPointer) -> Bool {
        while emptyLineBytes < bytes.count, bytes[emptyLineBytes] == ASCII.carriageReturn {
            guard emptyLineBytes + 1 < bytes.count else { return true }
            guard bytes[emptyLineBytes + 1] == ASCII.lineFeed else { return false }
            emptyLineBytes += 2
            lineStart = emptyLineBytes
            scanned = emptyLineBytes
        }
        return emptyLineBytes == bytes.count || ASCII.isToken(bytes[emptyLineBytes])
    }
}
