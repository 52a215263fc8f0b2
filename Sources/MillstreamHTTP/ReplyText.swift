import Glibc

// The text of a reply's head. It checks what it writes: a value with CR, LF or NUL would let whoever supplied it write the
// rest of the reply. Keeps the Date of the present second. Loop thread only.

final class ReplyText {
    /// Headers that were left out.
    private(set) var invalidHeaders: UInt64 = 0
    private var dateSecond = time_t.min
    /// The whole line, behind the end of the one before.
    @exclusivity(unchecked) private var dateLine: [UInt8] = []
    /// Where texts are made; a caller that still holds the last one keeps it.
    @exclusivity(unchecked) private var text: [UInt8] = []

    init() {
        text.reserveCapacity(1_024)
    }

    /// The head with its empty line. `isClosing` becomes true when the headers ask for it. The length is nil where GET would give
    /// a stream: what HEAD tells of a length must be GET's (RFC 9110 section 8.6).
    func head(
        status: Int, block: HeaderBlock? = nil, headers: [(String, String)], more: [(String, String)] = [],
        bodyByteCount: Int?, isClosing: inout Bool
    ) -> [UInt8] {
        text.removeAll(keepingCapacity: true)
        append("HTTP/1.1 ")
        append(status)
        text.append(ASCII.space)
        append(Self.reason(status))
        appendDate()
        if let block { text.append(contentsOf: block.lines) }
        append(headers, isClosing: &isClosing)
        append(more, isClosing: &isClosing)
        if let bodyByteCount, Self.allowsBody(status: status) {
            append("\r\nContent-Length: ")
            append(bodyByteCount)
        }
        append(isClosing ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n")
        return text
    }

    /// The head of a stream. A bare one has no chunk framing and answers HTTP/1.0, which does not know it.
    func streamHead(_ block: HeaderBlock, _ headers: [(String, String)], isBare: Bool) -> StreamPayload {
        var isClosing = true
        text.removeAll(keepingCapacity: true)
        append(isBare ? "HTTP/1.0 200 OK" : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked")
        text.append(contentsOf: block.lines)
        append(headers, isClosing: &isClosing)
        appendDate()
        append("\r\nConnection: close\r\n\r\n")
        return StreamPayload(raw: text)
    }

    private func append(_ headers: [(String, String)], isClosing: inout Bool) {
        for (name, value) in headers {
            guard !Self.isReserved(name) else {
                if ASCII.equalsIgnoringCase(name.utf8, "connection"), ASCII.equalsIgnoringCase(value.utf8, "close") {
                    isClosing = true
                }
                continue
            }
            if !Self.append(name, value, to: &text) { invalidHeaders &+= 1 }
        }
    }

    /// The present time, made once a second.
    private func appendDate() {
        let now = time(nil)
        if now != dateSecond {
            dateSecond = now
            dateLine = Array("\r\nDate: \(Self.format(now))".utf8)
        }
        text.append(contentsOf: dateLine)
    }

    /// Headers that only the HTTP layer writes.
    static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: ASCII.equalsIgnoringCase(name.utf8, "date")
        case 10: ASCII.equalsIgnoringCase(name.utf8, "connection")
        case 14: ASCII.equalsIgnoringCase(name.utf8, "content-length")
        case 17: ASCII.equalsIgnoringCase(name.utf8, "transfer-encoding")
        default: false
        }
    }

    static func allowsBody(status: Int) -> Bool {
        status >= 200 && status != 204 && status != 304
    }

    /// A line behind the end of the one before; false, and nothing is added, when it would hold a forbidden character.
    static func append(_ name: String, _ value: String, to text: inout [UInt8]) -> Bool {
        var (name, value) = (name, value)
        return name.withUTF8 { name in
            value.withUTF8 { value in
                guard isLine(name, value) else { return false }
                text.append(ASCII.carriageReturn)
                text.append(ASCII.lineFeed)
                text.append(contentsOf: name)
                text.append(UInt8(ascii: ":"))
                text.append(ASCII.space)
                text.append(contentsOf: value)
                return true
            }
        }
    }

    private static func isLine(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        var isValid = !name.isEmpty
        for byte in name where !ASCII.isToken(byte) { isValid = false }
        for byte in value where !ASCII.isValueCharacter(byte) { isValid = false }
        return isValid
    }

    private func append(_ words: StaticString) {
        text.append(contentsOf: UnsafeBufferPointer(start: words.utf8Start, count: words.utf8CodeUnitCount))
    }

    /// 0 or more, digit by digit: a string for it would cost as much as a header line.
    private func append(_ number: Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = number
            var first = digits.count
            repeat {
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            text.append(contentsOf: digits[first...])
        }
    }

    /// IMF-fixdate (RFC 9110 section 5.6.7); strftime would follow the locale.
    static func format(_ time: time_t) -> String {
        var seconds = time
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
        let day = days[Int(parts.tm_wday) % 7]
        let month = months[Int(parts.tm_mon) % 12]
        return "\(day), \(twoDigits(parts.tm_mday)) \(month) \(Int(parts.tm_year) + 1_900) \(clock) GMT"
    }

    private static func twoDigits(_ number: Int32) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: "Status"
        }
    }
}
