/// Bytes of one request, put together in a buffer that is used for all of them: opening 5,000 streams a second allocates nothing.
/// Engine's thread only; lives as long as the engine.
struct RequestWriter {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 16_384) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    func release() { base.deallocate() }

    mutating func clear() { count = 0 }

    mutating func append(_ bytes: Bytes, _ length: Int) {
        reserve(length)
        (base + count).update(from: bytes, count: length)
        count += length
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            append(start, buffer.count)
        }
    }

    mutating func append(_ text: StaticString) {
        append(text.utf8Start, text.utf8CodeUnitCount)
    }

    mutating func append(number: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var at = 20
            var rest = number
            repeat {
                at -= 1
                digits[at] = UInt8(rest % 10) + 0x30
                rest /= 10
            } while rest > 0
            guard let start = digits.baseAddress else { return }
            append(Bytes(start) + at, 20 - at)
        }
    }

    mutating func append(_ byte: UInt8, times: Int) {
        reserve(times)
        (base + count).update(repeating: byte, count: times)
        count += times
    }

    private mutating func reserve(_ length: Int) {
        guard count + length > capacity else { return }
        while capacity < count + length { capacity *= 2 }
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        grown.update(from: base, count: count)
        base.deallocate()
        base = grown
    }
}
