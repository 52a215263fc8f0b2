// Keys in ascending order, for the memory store's lists. A plain value. Keys mostly come in at the end and go out at the front.

struct SortedKeys<Key: Comparable & Sendable>: Sendable {
    private(set) var keys: [Key] = []

    /// The place of the first key that is not below `key`.
    func firstIndex(notBelow key: Key) -> Int {
        if let last = keys.last, last < key { return keys.count }
        return keys.firstIndexOfSorted { $0 >= key }
    }

    mutating func insert(_ key: Key) {
        let index = firstIndex(notBelow: key)
        guard index == keys.count || keys[index] != key else { return }
        keys.insert(key, at: index)
    }

    mutating func remove(_ key: Key) {
        let index = firstIndex(notBelow: key)
        guard index < keys.count, keys[index] == key else { return }
        keys.remove(at: index)
    }

    /// Keys above `key`, ascending.
    func above(_ key: Key) -> ArraySlice<Key> {
        let index = firstIndex(notBelow: key)
        return keys[(index < keys.count && keys[index] == key ? index + 1 : index)...]
    }

    /// Keys below `key`, ascending; all of them without one.
    func below(_ key: Key?) -> ArraySlice<Key> {
        guard let key else { return keys[...] }
        return keys[..<firstIndex(notBelow: key)]
    }
}

/// Orders by time, and within one time by name or number, so that a list is the same each time.
struct TimedKey<Name: Comparable & Sendable>: Comparable, Sendable {
    var time: Timestamp
    var name: Name

    static func < (one: TimedKey, other: TimedKey) -> Bool {
        one.time == other.time ? one.name < other.name : one.time < other.time
    }
}
