// Writes events as text/event-stream into an array that the caller owns: encoded once, shared by all readers. Pure
// functions on any thread, no intermediate strings. Refused fields leave the output as it was; data of any content is
// safe, because it is split wherever a parser would end a line.

/// Encodes Server-Sent Events (WHATWG HTML, section 9.2).
public enum SSEEncoder {
    /// A comment that keeps proxies and clients awake: `: heartbeat` and one line feed.
    ///
    /// No empty line follows: some clients take a comment and an empty line for an empty event.
    public static let heartbeat: [UInt8] = Array(": heartbeat\n".utf8)

    /// Whether `name` may name an event: 1 to 64 bytes of `[A-Za-z0-9_.:-]`.
    public static func isValidEventName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.utf8.allSatisfy(isNameByte)
    }

    /// The same for a name that is bytes.
    public static func isValidEventName(_ name: some Collection<UInt8>) -> Bool {
        (1...64).contains(name.count) && name.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Appends one event and the empty line that dispatches it. The lines come in the order id, event, retry, data.
    ///
    /// - Parameters:
    ///   - id: the cursor of this event; nil leaves the reader's last one in force, empty clears it.
    ///   - name: nil or empty for the default, `message`.
    ///   - data: any bytes; CR, LF and CRLF become line breaks of the data, which a reader sees as LF.
    ///   - retryMs: what a reader shall wait before it reconnects, in milliseconds.
    /// - Throws: when a field would break out of its line; nothing is appended then.
    public static func appendEvent(
        id: [UInt8]?,
        name: String?,
        data: [UInt8],
        retryMs: Int? = nil,
        to output: inout [UInt8]
    ) throws(SSEFieldError) {
        if let id, id.contains(where: breaksLine) { throw .badID }
        try appendHead(id: id, name: name, retryMs: retryMs, to: &output)
        data.withUnsafeBufferPointer { appendData($0, to: &output) }
    }

    /// Writes an event without an id into memory of the caller's, for those who write thousands of them: nil when a name that breaks
    /// out of its line, data of several lines, or too little room (`plainEventBytes`) call for ``appendEvent(id:name:data:retryMs:to:)``.
    ///
    /// - Returns: how many bytes were written, from the start of `memory`.
    public static func writePlainEvent(
        name: String, data: [UInt8], to memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard !name.isEmpty, memory.count >= plainEventBytes(name: name, data: data),
            let start = memory.baseAddress
        else { return nil }
        var name = name
        let behindName = name.withUTF8 { utf8 in
            utf8.contains(0) ? nil : writeLine(utf8, at: write("event: ", at: start))
        }
        guard let behindName else { return nil }
        let behindData = data.withUnsafeBufferPointer { writeLine($0, at: write("\ndata: ", at: behindName)) }
        guard let behindData else { return nil }
        return write("\n\n", at: behindData) - start
    }

    /// Returns the place behind it.
    private static func write(_ text: StaticString, at place: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        place.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        return place + text.utf8CodeUnitCount
    }

    /// The same; nil when the bytes are more than one line.
    private static func writeLine(
        _ bytes: UnsafeBufferPointer<UInt8>, at place: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer? {
        guard let base = bytes.baseAddress else { return place }
        guard LineEnd.first(base, from: 0, to: bytes.count) == bytes.count else { return nil }
        place.copyMemory(from: base, byteCount: bytes.count)
        return place + bytes.count
    }

    /// What ``writePlainEvent(name:data:to:)`` needs room for.
    public static func plainEventBytes(name: String, data: [UInt8]) -> Int {
        "event: \ndata: \n\n".utf8.count + name.utf8.count + data.count
    }

    private static func appendHead(
        id: [UInt8]?,
        name: String?,
        retryMs: Int?,
        to output: inout [UInt8]
    ) throws(SSEFieldError) {
        var name = name ?? ""
        let isSafe = name.withUTF8 { !$0.contains(where: breaksLine) }
        guard isSafe else { throw .badName }
        if let retryMs, retryMs < 0 { throw .badRetry }
        if let id {
            append("id: ", to: &output)
            output.append(contentsOf: id)
            output.append(LineEnd.lineFeed)
        }
        if !name.isEmpty {
            append("event: ", to: &output)
            name.withUTF8 { output.append(contentsOf: $0) }
            output.append(LineEnd.lineFeed)
        }
        if let retryMs {
            append("retry: ", to: &output)
            output.append(contentsOf: String(retryMs).utf8)
            output.append(LineEnd.lineFeed)
        }
    }

    /// One `data` line per line of the data: JSON is on one line, so the loop runs once and the payload goes over in
    /// one piece.
    private static func appendData(_ data: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        var start = 0
        while true {
            let end = data.baseAddress.map { LineEnd.first($0, from: start, to: data.count) } ?? 0
            append("data: ", to: &output)
            output.append(contentsOf: UnsafeBufferPointer(rebasing: data[start..<end]))
            output.append(LineEnd.lineFeed)
            guard end < data.count else { break }
            let isPair =
                data[end] == LineEnd.carriageReturn && end + 1 < data.count && data[end + 1] == LineEnd.lineFeed
            start = end + (isPair ? 2 : 1)
        }
        output.append(LineEnd.lineFeed)
    }

    @inline(__always)
    private static func append(_ text: StaticString, to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    private static func breaksLine(_ byte: UInt8) -> Bool {
        byte == LineEnd.lineFeed || byte == LineEnd.carriageReturn || byte == 0
    }
}
