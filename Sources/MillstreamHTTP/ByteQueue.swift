// Bytes that came and were not taken yet. A value of one connection; it gives its whole storage away when all of it is
// taken at once, which is what happens with an ordinary request: its head is never copied a second time.

struct ByteQueue {
    private var storage: [UInt8] = []
    private var start = 0

    var count: Int { storage.count - start }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if isEmpty { removeAll() }
        storage.append(contentsOf: bytes)
    }

    /// Takes the first `count` bytes; the caller knows that there are as many.
    mutating func takeFirst(_ count: Int) -> [UInt8] {
        if start == 0, count == storage.count {
            defer { storage = [] }
            return storage
        }
        defer { skip(count) }
        return Array(storage[start..<start + count])
    }

    /// Drops the first `count` bytes.
    mutating func skip(_ count: Int) {
        start += min(count, self.count)
        if start == storage.count {
            removeAll()
        } else if start > 16 * 1_024 {
            storage.removeFirst(start)
            start = 0
        }
    }

    /// Drops everything; keeps the storage for what comes next unless it is large.
    mutating func removeAll() {
        start = 0
        storage.removeAll(keepingCapacity: storage.capacity <= 4_096)
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }
}
