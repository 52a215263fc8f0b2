// Takes the chunked coding off a request body (RFC 9112 section 7.1), strictly: hex digits, CR LF, bounded extensions,
// bounded trailers that are dropped. A value of one connection; any split of the bytes gives the same body.

struct ChunkedDecoder {
    private enum State {
        case size
        /// Behind the size: white space that only an extension may follow.
        case sizeSpace
        case chunkExtension
        case sizeLineFeed
        case data(remaining: Int)
        case dataReturn
        case dataLineFeed
        case trailer
        case trailerLineFeed
        case done
    }

    private static let maxSizeDigits = 8
    private static let maxExtensionBytes = 256
    private static let maxTrailerBytes = 4 * 1_024

    /// Of the whole body, and what is thrown as soon as the sizes of its chunks come to more.
    private let maxBodyBytes: Int
    private let tooLarge: Refusal
    private var declaredBytes = 0
    private var state = State.size
    private var size = 0
    private var digitCount = 0
    /// Of the chunk in hand, and of the whole body: many tiny chunks with long extensions are an attack on the processor.
    private var extensionBytes = 0
    private var allExtensionBytes = 0
    private var trailerBytes = 0
    private var trailerLineBytes = 0
    private var isInTrailerName = true

    init(maxBodyBytes: Int, tooLarge: Refusal) {
        self.maxBodyBytes = maxBodyBytes
        self.tooLarge = tooLarge
    }

    var isDone: Bool {
        if case .done = state { return true }
        return false
    }

    /// Takes bytes from the front of `input` until the body is complete or the input is used up; hands data on in pieces.
    /// Returns how many bytes were taken.
    mutating func decode(
        _ input: UnsafeRawBufferPointer, _ piece: (UnsafeRawBufferPointer) throws(Refusal) -> Void
    ) throws(Refusal) -> Int {
        var position = 0
        while position < input.count, !isDone {
            if case .data(let remaining) = state {
                let count = min(remaining, input.count - position)
                try piece(UnsafeRawBufferPointer(rebasing: input[position..<position + count]))
                position += count
                state = count == remaining ? .dataReturn : .data(remaining: remaining - count)
            } else {
                try take(input[position])
                position += 1
            }
        }
        return position
    }

    private mutating func take(_ byte: UInt8) throws(Refusal) {
        switch state {
        case .size: try takeSize(byte)
        case .sizeSpace: try takeSpace(byte)
        case .chunkExtension: try takeExtension(byte)
        case .sizeLineFeed:
            try expect(byte, ASCII.lineFeed)
            declaredBytes += size
            guard declaredBytes <= maxBodyBytes else { throw tooLarge }
            state = size == 0 ? .trailer : .data(remaining: size)
        case .dataReturn:
            try expect(byte, ASCII.carriageReturn)
            state = .dataLineFeed
        case .dataLineFeed:
            try expect(byte, ASCII.lineFeed)
            beginChunk()
        case .trailer: try takeTrailer(byte)
        case .trailerLineFeed:
            try expect(byte, ASCII.lineFeed)
            state = trailerLineBytes == 0 ? .done : .trailer
            trailerLineBytes = 0
            isInTrailerName = true
        case .data, .done: break
        }
    }

    private mutating func beginChunk() {
        state = .size
        size = 0
        digitCount = 0
        extensionBytes = 0
    }

    private mutating func takeSize(_ byte: UInt8) throws(Refusal) {
        if let digit = ASCII.hexValue(byte) {
            digitCount += 1
            guard digitCount <= Self.maxSizeDigits else { throw .malformed("A chunk's size has too many digits.") }
            size = size << 4 | Int(digit)
            return
        }
        guard digitCount > 0 else { throw .malformed("A chunk's size is no hexadecimal number.") }
        switch byte {
        case ASCII.carriageReturn: state = .sizeLineFeed
        case UInt8(ascii: ";"): state = .chunkExtension
        case ASCII.space, ASCII.tab:
            state = .sizeSpace
            try countExtension(byte)
        default: throw .malformed("A chunk's size is no hexadecimal number.")
        }
    }

    /// "Bad" white space must be parsed (RFC 9110 section 5.6.3), but only where the grammar has it: other servers disagree about a
    /// size with spaces and nothing behind them.
    private mutating func takeSpace(_ byte: UInt8) throws(Refusal) {
        switch byte {
        case UInt8(ascii: ";"): state = .chunkExtension
        case ASCII.space, ASCII.tab: try countExtension(byte)
        default: throw .malformed("A chunk's size is no hexadecimal number.")
        }
    }

    private mutating func takeExtension(_ byte: UInt8) throws(Refusal) {
        if byte == ASCII.carriageReturn {
            state = .sizeLineFeed
            return
        }
        try countExtension(byte)
    }

    private mutating func countExtension(_ byte: UInt8) throws(Refusal) {
        extensionBytes += 1
        allExtensionBytes += 1
        guard ASCII.isValueCharacter(byte), extensionBytes <= Self.maxExtensionBytes,
            allExtensionBytes <= 16 * Self.maxExtensionBytes
        else { throw .malformed("A chunk's extension is too long or holds control characters.") }
    }

    private mutating func takeTrailer(_ byte: UInt8) throws(Refusal) {
        trailerBytes += 1
        guard trailerBytes <= Self.maxTrailerBytes else { throw .malformed("The body's trailer is too long.") }
        let isLineEnd = byte == ASCII.carriageReturn
        let endsName = byte == UInt8(ascii: ":") && trailerLineBytes > 0
        // name ":" value, or the empty line.
        let isAllowed =
            switch (isInTrailerName, isLineEnd) {
            case (true, true): trailerLineBytes == 0
            case (true, false): ASCII.isToken(byte) || endsName
            case (false, true): true
            case (false, false): ASCII.isValueCharacter(byte)
            }
        guard isAllowed else { throw .malformed("A line of the body's trailer is no header field.") }
        if isLineEnd {
            state = .trailerLineFeed
            return
        }
        if endsName { isInTrailerName = false }
        trailerLineBytes += 1
    }

    private func expect(_ byte: UInt8, _ wanted: UInt8) throws(Refusal) {
        guard byte == wanted else { throw .malformed("A chunk is not ended by CR LF.") }
    }
}
