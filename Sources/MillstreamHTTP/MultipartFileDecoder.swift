import Glibc

// Takes the one file out of a multipart/form-data body (RFC 7578) while it streams by, so that what reaches the disk is the
// file's bytes and nothing else. A value of one connection; any split of the bytes gives the same file. It keeps at most a
// part's header block or one delimiter in memory. Fields without a file name, and a preamble, are dropped.

struct MultipartFileDecoder {
    private enum State {
        /// Data of a field without a file name, or the preamble.
        case dropped
        case file
        /// Right behind a delimiter.
        case delimiterEnd
        case partHeaders
        case epilogue
    }

    private static let maxHeaderBytes = 4 * 1_024
    private static let maxParts = 64
    private static let maxDroppedBytes = 64 * 1_024

    /// As the client sent it; nil until the file's part began.
    private(set) var fileName: String?
    /// Of the file's part.
    private(set) var contentType: String?

    private let delimiter: [UInt8]
    private var state = State.dropped
    private var buffer: [UInt8]
    private var partCount = 0
    private var droppedBytes = 0

    /// Nil when `contentType` is no multipart/form-data with a proper boundary.
    init?(contentType: String) {
        let parameters = HeaderParameters(contentType)
        guard parameters.value == "multipart/form-data", let boundary = parameters["boundary"],
            (1...70).contains(boundary.utf8.count), boundary.utf8.last != ASCII.space
        else { return nil }
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter stands at the very start; the line end that belongs to every delimiter is put before it.
        buffer = Array("\r\n".utf8)
    }

    /// Takes the next bytes of the body; hands the file's bytes on in pieces.
    mutating func push(
        _ bytes: UnsafeRawBufferPointer, _ piece: (UnsafeRawBufferPointer) throws(Refusal) -> Void
    ) throws(Refusal) {
        if state == .epilogue { return }
        buffer.append(contentsOf: bytes)
        var position = 0
        while let next = try step(from: position, piece) {
            position = next
        }
        buffer.removeFirst(position)
    }

    /// Says that the body is complete; refuses it when the last delimiter or the file is missing.
    func finish() throws(Refusal) {
        guard state == .epilogue else { throw Self.malformed("it is cut off") }
        guard fileName != nil else { throw Self.malformed("it holds no file") }
    }

    /// One step of the state machine; the position after it, or nil when more bytes are needed.
    private mutating func step(
        from position: Int, _ piece: (UnsafeRawBufferPointer) throws(Refusal) -> Void
    ) throws(Refusal) -> Int? {
        switch state {
        case .dropped, .file: try takeData(from: position, piece)
        case .delimiterEnd: try takeDelimiterEnd(from: position)
        case .partHeaders: try takePartHeaders(from: position)
        case .epilogue: position < buffer.count ? buffer.count : nil
        }
    }

    /// Data up to the next delimiter. What could be the beginning of one is kept back.
    private mutating func takeData(
        from position: Int, _ piece: (UnsafeRawBufferPointer) throws(Refusal) -> Void
    ) throws(Refusal) -> Int? {
        let found = firstIndex(of: delimiter, from: position)
        let end = found ?? max(position, buffer.count - delimiter.count + 1)
        if state == .file, end > position {
            try withUnsafePiece(position..<end, piece)
        } else {
            droppedBytes += end - position
            guard droppedBytes <= Self.maxDroppedBytes else { throw Self.malformed("its fields are too long") }
        }
        if found != nil {
            state = .delimiterEnd
            return end + delimiter.count
        }
        return end > position ? end : nil
    }

    /// "--" ends the body, a line end begins a part.
    private mutating func takeDelimiterEnd(from position: Int) throws(Refusal) -> Int? {
        guard buffer.count >= position + 2 else { return nil }
        switch (buffer[position], buffer[position + 1]) {
        case (UInt8(ascii: "-"), UInt8(ascii: "-")): state = .epilogue
        case (ASCII.carriageReturn, ASCII.lineFeed):
            partCount += 1
            guard partCount <= Self.maxParts else { throw Self.malformed("it has too many parts") }
            state = .partHeaders
        default: throw Self.malformed("a delimiter line is odd")
        }
        return position + 2
    }

    private mutating func takePartHeaders(from position: Int) throws(Refusal) -> Int? {
        guard buffer.count >= position + 2 else { return nil }
        if buffer[position] == ASCII.carriageReturn, buffer[position + 1] == ASCII.lineFeed {
            throw Self.malformed("a part has no headers")
        }
        let found = firstIndex(of: Array("\r\n\r\n".utf8), from: position)
        guard (found ?? buffer.count) - position <= Self.maxHeaderBytes else {
            throw Self.malformed("a part's head is too long")
        }
        guard let end = found else { return nil }
        try beginPart(headers: buffer[position..<end])
        return end + 4
    }

    private mutating func beginPart(headers: ArraySlice<UInt8>) throws(Refusal) {
        var disposition: HeaderParameters?
        var type: String?
        for line in headers.split(separator: ASCII.lineFeed) {
            let line = line.last == ASCII.carriageReturn ? line.dropLast() : line
            guard line.allSatisfy(ASCII.isValueCharacter), let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                throw Self.malformed("a part's header is odd")
            }
            let value = String(decoding: ASCII.trimmed(line[(colon + 1)...]), as: UTF8.self)
            if ASCII.equalsIgnoringCase(line[..<colon], "content-disposition") {
                disposition = HeaderParameters(value)
            } else if ASCII.equalsIgnoringCase(line[..<colon], "content-type") {
                type = value
            }
        }
        guard let disposition, disposition.value == "form-data" else { throw Self.malformed("a part is no form-data") }
        guard let name = disposition["filename"] else {
            state = .dropped
            return
        }
        guard fileName == nil else { throw Self.malformed("it holds more than one file") }
        fileName = String(name.prefix(255))
        contentType = type.map { String($0.prefix(255)) }
        state = .file
    }

    /// `needle` begins with CR, as delimiters and the ends of headers do.
    private func firstIndex(of needle: [UInt8], from start: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var position = start
            while bytes.count - position >= needle.count,
                let found = memchr(base + position, Int32(ASCII.carriageReturn), bytes.count - position)
            {
                position = UnsafeRawPointer(found) - base
                guard bytes.count - position >= needle.count else { return nil }
                if memcmp(found, needle, needle.count) == 0 { return position }
                position += 1
            }
            return nil
        }
    }

    private func withUnsafePiece(
        _ range: Range<Int>, _ piece: (UnsafeRawBufferPointer) throws(Refusal) -> Void
    ) throws(Refusal) {
        try buffer.withUnsafeBufferPointer { (bytes) throws(Refusal) in
            try piece(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range])))
        }
    }

    private static func malformed(_ fault: String) -> Refusal {
        Refusal.malformed("The multipart/form-data body is malformed: \(fault).")
    }
}
