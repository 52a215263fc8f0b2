// The framing of HTTP/1.1 bodies whose length is not known at their start. Pure functions on any thread. The stream
// code frames whole encoded segments once and shares them; nothing here copies a payload except into the output it is
// told.

/// Chunked transfer coding (RFC 9112, section 7.1), the sender's side, without extensions and trailers.
public enum ChunkFraming {
    /// What ends a chunked body.
    public static let lastChunk: [UInt8] = Array("0\r\n\r\n".utf8)
    /// What follows the payload of each chunk.
    public static let trailer: [UInt8] = Array("\r\n".utf8)

    /// How many bytes a chunk is longer than its payload; 0 for an empty payload, which makes no chunk.
    public static func overheadBytes(payloadBytes: Int) -> Int {
        payloadBytes > 0 ? hexDigits(payloadBytes) + 4 : 0
    }

    /// Appends what precedes a payload of that length: its length in hexadecimal, CR, LF. Nothing for an empty one,
    /// because a chunk of length zero would end the body.
    public static func appendHeader(payloadBytes: Int, to output: inout [UInt8]) {
        guard payloadBytes > 0 else { return }
        for shift in stride(from: (hexDigits(payloadBytes) - 1) * 4, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: payloadBytes >> shift) & 0x0F
            output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        output.append(contentsOf: trailer)
    }

    /// Appends `payload` as one chunk; nothing when it is empty.
    public static func appendChunk(_ payload: some Collection<UInt8>, to output: inout [UInt8]) {
        let payloadBytes = payload.count
        guard payloadBytes > 0 else { return }
        appendHeader(payloadBytes: payloadBytes, to: &output)
        output.append(contentsOf: payload)
        output.append(contentsOf: trailer)
    }

    private static func hexDigits(_ value: Int) -> Int { (Int.bitWidth - value.leadingZeroBitCount + 3) / 4 }
}
