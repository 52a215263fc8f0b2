import Glibc

// Reads a whole request head by RFC 9112, stricter than it where leniency is how requests are smuggled past a proxy. Pure
// function of the bytes: no I/O, no state. It never traps on what a peer sent; each refusal names its rule.

@_spi(Benchmarks) public struct RequestHeadParser {
    let maxTargetBytes: Int
    let maxHeaderFields: Int

    @_spi(Benchmarks) public init(maxTargetBytes: Int, maxHeaderFields: Int) {
        self.maxTargetBytes = maxTargetBytes
        self.maxHeaderFields = maxHeaderFields
    }

    private static let maxMethodBytes = 32
    /// Enough for 2^53 and some leading zeros; the value is bounded by the body's rule.
    private static let maxContentLengthDigits = 18

    /// Parses `bytes`, a head with its empty line, every line of it ended by CR LF (HeadScanner has seen to that).
    @_spi(Benchmarks) public func parse(_ bytes: [UInt8], remote: PeerAddress) throws(Refusal) -> ParsedRequest {
        var fields: [HTTPHeaders.Field] = []
        fields.reserveCapacity(16)
        var known = KnownFields()
        let line = try bytes.withUnsafeBufferPointer { (text) throws(Refusal) in
            var lines = LineReader(bytes: text)
            guard let first = lines.next() else { throw .malformed("The request line is missing.") }
            let line = try requestLine(text, first)
            while let range = lines.next(), !range.isEmpty {
                guard fields.count < maxHeaderFields else { throw .tooManyFields(max: maxHeaderFields) }
                let field = try field(text, range)
                known.note(field, in: text)
                fields.append(field)
            }
            try checkHost(known.host, line.version, in: text)
            return line
        }
        let headers = HTTPHeaders(bytes: bytes, fields: fields)
        let head = RequestHead(
            method: line.method, version: line.version, headers: headers, remote: remote,
            pathRange: line.path, queryRange: line.query, authorityRange: line.authority)
        let framing = try framing(of: head, known)
        return ParsedRequest(
            head: head, framing: framing, expectsContinue: known.hasExpect ? try expectation(of: head) : false,
            asksToClose: head.version == .http10 || known.hasConnection && headers.list("connection", contains: "close")
        )
    }

    // MARK: Request line

    private struct RequestLine {
        var method: HTTPMethod
        var version: HTTPVersion
        var path: Range<Int>
        var query: Range<Int>?
        var authority: Range<Int>?
    }

    /// method SP target SP version, with exactly one space each (RFC 9112 section 3).
    private func requestLine(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
    ) throws(Refusal) -> RequestLine {
        let line = bytes[range]
        guard let methodEnd = line.firstIndex(of: ASCII.space), methodEnd > range.lowerBound,
            methodEnd - range.lowerBound <= Self.maxMethodBytes,
            line[..<methodEnd].allSatisfy(ASCII.isToken)
        else { throw .malformed("The request line does not begin with a method.") }
        let afterMethod = line[(methodEnd + 1)...]
        guard let targetEnd = afterMethod.firstIndex(of: ASCII.space), targetEnd > methodEnd + 1 else {
            throw .malformed("The request line has no target or no version.")
        }
        let target = (methodEnd + 1)..<targetEnd
        let version = try version(line[(targetEnd + 1)...])
        guard target.count <= maxTargetBytes else { throw .targetTooLong }
        guard bytes[target].allSatisfy(ASCII.isTargetCharacter) else {
            throw .malformed("The request target holds characters that must be percent-encoded.")
        }
        let method = HTTPMethod(
            UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range.lowerBound..<methodEnd])))
        if method == .connect { throw .methodUnknown }
        var parsed = RequestLine(method: method, version: version, path: target, query: nil, authority: nil)
        try split(target, of: bytes, into: &parsed)
        return parsed
    }

    private func version(_ text: Slice<UnsafeBufferPointer<UInt8>>) throws(Refusal) -> HTTPVersion {
        if ASCII.equals(text, "HTTP/1.1") { return .http11 }
        if ASCII.equals(text, "HTTP/1.0") { return .http10 }
        let shape = Array(text)
        let isVersion =
            shape.count == 8 && shape.starts(with: "HTTP/".utf8) && ASCII.isDigit(shape[5])
            && shape[6] == UInt8(ascii: ".") && ASCII.isDigit(shape[7])
        throw isVersion ? .version : .malformed("The request line does not end with an HTTP version.")
    }

    /// Origin form, absolute form (its authority replaces Host, RFC 9112 section 3.2.2) or `*` for OPTIONS.
    private func split(
        _ target: Range<Int>, of bytes: UnsafeBufferPointer<UInt8>, into line: inout RequestLine
    ) throws(Refusal) {
        var pathStart = target.lowerBound
        if bytes[pathStart] == UInt8(ascii: "*"), target.count == 1, line.method == .options { return }
        if bytes[pathStart] != UInt8(ascii: "/") {
            let text = bytes[target]
            guard let scheme = ["http://", "https://"].first(where: { hasPrefix(text, $0) }) else {
                throw .malformed("The request target is neither a path nor an http URL.")
            }
            let authorityStart = target.lowerBound + scheme.utf8.count
            let behind = text[authorityStart...]
            let authorityEnd =
                behind.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? target.upperBound
            guard isAuthority(bytes[authorityStart..<authorityEnd]) else {
                throw .malformed("The request target's authority is missing or odd.")
            }
            line.authority = authorityStart..<authorityEnd
            pathStart = authorityEnd
        }
        let questionMark = bytes[pathStart..<target.upperBound].firstIndex(of: UInt8(ascii: "?"))
        line.path = pathStart..<(questionMark ?? target.upperBound)
        // An http URL without a path means the root (RFC 9110 section 4.2.3): its slash is the one before the authority. For OPTIONS,
        // and without a query, it means the server: `*` (RFC 9112 section 3.2.4), which is the empty path of a head.
        if line.path.isEmpty, let authority = line.authority, line.method != .options || questionMark != nil {
            line.path = authority.lowerBound - 1..<authority.lowerBound
        }
        line.query = questionMark.map { ($0 + 1)..<target.upperBound }
    }

    private func hasPrefix(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ prefix: String) -> Bool {
        ASCII.equalsIgnoringCase(text.prefix(prefix.utf8.count), prefix)
    }

    // MARK: Fields

    /// name ":" OWS value OWS, without folding and without space before the colon (RFC 9112 section 5).
    private func field(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
    ) throws(Refusal) -> HTTPHeaders.Field {
        var colon = range.lowerBound
        while colon < range.upperBound, ASCII.isToken(bytes[colon]) { colon += 1 }
        guard colon > range.lowerBound, colon < range.upperBound, bytes[colon] == UInt8(ascii: ":") else {
            throw .malformed("A header line is folded or has no proper name.")
        }
        var start = colon + 1
        var end = range.upperBound
        while start < end, bytes[start] == ASCII.space || bytes[start] == ASCII.tab { start += 1 }
        while end > start, bytes[end - 1] == ASCII.space || bytes[end - 1] == ASCII.tab { end -= 1 }
        for index in start..<end where !ASCII.isValueCharacter(bytes[index]) {
            throw .malformed("A header value holds control characters.")
        }
        return HTTPHeaders.Field(
            nameStart: UInt32(range.lowerBound), nameCount: UInt32(colon - range.lowerBound),
            valueStart: UInt32(start), valueCount: UInt32(end - start))
    }

    /// Exactly one Host with HTTP/1.1, at most one with HTTP/1.0 (RFC 9112 section 3.2).
    private func checkHost(
        _ host: KnownFields.Found, _ version: HTTPVersion, in bytes: UnsafeBufferPointer<UInt8>
    ) throws(Refusal) {
        guard host.count == 1 || host.count == 0 && version == .http10 else {
            throw .malformed("There must be exactly one Host header.")
        }
        guard let value = host.firstValue else { return }
        guard isAuthority(bytes[value]) else {
            throw .malformed("The Host header is not a host with an optional port.")
        }
    }

    /// host [":" port], without user information.
    private func isAuthority(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var rest = text
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = rest[(rest.startIndex + 1)..<end]
            guard !address.isEmpty, address.allSatisfy(Self.isIPv6Character) else { return false }
            rest = rest[(end + 1)...]
        } else {
            let name = rest.prefix { ASCII.isHostCharacter($0) }
            guard !name.isEmpty else { return false }
            rest = rest.dropFirst(name.count)
        }
        guard let colon = rest.first else { return true }
        let port = rest.dropFirst()
        guard colon == UInt8(ascii: ":"), port.count <= 5, port.allSatisfy(ASCII.isDigit) else { return false }
        return port.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
    }

    private static func isIPv6Character(_ byte: UInt8) -> Bool {
        ASCII.hexValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    // MARK: Body

    /// One way only to tell where the body ends: everything else is how two servers come to disagree about it.
    private func framing(of head: RequestHead, _ known: KnownFields) throws(Refusal) -> BodyFraming {
        let headers = head.headers
        guard known.contentLength.count <= 1 else { throw .malformed("There is more than one Content-Length.") }
        var framing = BodyFraming.none
        if let length = known.contentLength.firstValue {
            guard known.transferEncoding.count == 0 else {
                throw .malformed("Content-Length and Transfer-Encoding exclude each other.")
            }
            framing = .length(try contentLength(headers.bytes[length]))
        }
        if let coding = known.transferEncoding.firstValue {
            guard known.transferEncoding.count == 1, head.version == .http11,
                ASCII.equalsIgnoringCase(headers.bytes[coding], "chunked")
            else { throw .malformed("Transfer-Encoding must be chunked, once, and with HTTP/1.1.") }
            framing = .chunked
        }
        if head.method == .get || head.method == .head, framing != .none, framing != .length(0) {
            throw .malformed("\(head.method.name) takes no body.")
        }
        guard known.hasContentEncoding else { return framing }
        let isEncoded = headers.all("content-encoding").contains { !ASCII.equalsIgnoringCase($0.utf8, "identity") }
        if isEncoded { throw .contentEncoding }
        return framing
    }

    private func contentLength(_ digits: ArraySlice<UInt8>) throws(Refusal) -> Int {
        guard !digits.isEmpty, digits.count <= Self.maxContentLengthDigits, digits.allSatisfy(ASCII.isDigit) else {
            throw .malformed("Content-Length must be a plain number.")
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private func expectation(of head: RequestHead) throws(Refusal) -> Bool {
        let expectations = head.headers.all("expect")
        guard let first = expectations.first, head.version == .http11 else { return false }
        guard expectations.count == 1, ASCII.equalsIgnoringCase(first.utf8, "100-continue") else { throw .expectation }
        return true
    }
}

/// The fields that decide about a request, found while all are read: nothing looks for them again.
private struct KnownFields {
    struct Found {
        var count = 0
        var firstValue: Range<Int>?
    }

    var host = Found()
    var contentLength = Found()
    var transferEncoding = Found()
    var hasContentEncoding = false
    var hasExpect = false
    var hasConnection = false

    mutating func note(_ field: HTTPHeaders.Field, in bytes: UnsafeBufferPointer<UInt8>) {
        func isNamed(_ name: StaticString) -> Bool {
            let start = Int(field.nameStart)
            return ASCII.equalsIgnoringCase(bytes[start..<start + Int(field.nameCount)], name)
        }
        // Most names differ in length already.
        switch field.nameCount {
        case 4 where isNamed("host"): Self.add(field, to: &host)
        case 6 where isNamed("expect"): hasExpect = true
        case 10 where isNamed("connection"): hasConnection = true
        case 14 where isNamed("content-length"): Self.add(field, to: &contentLength)
        case 16 where isNamed("content-encoding"): hasContentEncoding = true
        case 17 where isNamed("transfer-encoding"): Self.add(field, to: &transferEncoding)
        default: break
        }
    }

    private static func add(_ field: HTTPHeaders.Field, to found: inout Found) {
        found.count += 1
        guard found.firstValue == nil else { return }
        found.firstValue = Int(field.valueStart)..<Int(field.valueStart) + Int(field.valueCount)
    }
}

/// Gives the lines of a head one by one, without their CR LF.
private struct LineReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    mutating func next() -> Range<Int>? {
        guard let base = bytes.baseAddress, position < bytes.count,
            let found = memchr(base + position, Int32(ASCII.lineFeed), bytes.count - position)
        else { return nil }
        let end = UnsafeRawPointer(found) - UnsafeRawPointer(base)
        guard end > position else { return nil }
        defer { position = end + 1 }
        return position..<(end - 1)
    }
}
