// A queue in one array: the front moves, the array is closed up when half of it is spent. A value type without a lock.

struct FIFO<Element> {
    private var storage: ContiguousArray<Element?> = []
    private var head = 0

    var count: Int { storage.count - head }
    var isEmpty: Bool { head == storage.count }
    var first: Element? { isEmpty ? nil : storage[head] }

    mutating func append(_ element: Element) {
        storage.append(element)
    }

    mutating func popFirst() -> Element? {
        guard head < storage.count else { return nil }
        let element = storage[head]
        storage[head] = nil
        head += 1
        if head == storage.count {
            storage.removeAll(keepingCapacity: storage.capacity <= 16_384)
            head = 0
        } else if head >= 64, head * 2 >= storage.count {
            storage.removeSubrange(..<head)
            head = 0
        }
        return element
    }

    /// Removes and returns the first element that fits.
    mutating func remove(where matches: (Element) -> Bool) -> Element? {
        guard let index = storage[head...].firstIndex(where: { $0.map(matches) ?? false }) else { return nil }
        return storage.remove(at: index)
    }
}
