// Objects by a key that they know themselves: a hash table of nothing but references, because there are several with a place for each
// live job. A dictionary holds the key once more: three to four times the memory. A plain value for one thread at a time.

/// How a table finds its objects.
package protocol TableKeying {
    associatedtype Key: Hashable
    associatedtype Element: AnyObject
    /// Never changes while the object is in a table.
    static func key(of element: Element) -> Key
}

/// An open table with linear probing. A byte beside each place tells most strangers apart without a look at the object, which is
/// likely to be cold.
@frozen
package struct ObjectTable<Keying: TableKeying> {
    package typealias Key = Keying.Key
    package typealias Element = Keying.Element

    @usableFromInline var objects: ContiguousArray<Element?> = []
    /// For each place: 0 when it was never used, 1 when its object has left, else seven bits of its key's hash and the highest bit.
    @usableFromInline var tags: ContiguousArray<UInt8> = []
    @usableFromInline var held = 0
    /// Places that are not 0: those of objects that have left lengthen the search as well.
    @usableFromInline var used = 0

    @inlinable
    package init() {}

    @inlinable package var count: Int { held }
    @inlinable package var isEmpty: Bool { held == 0 }

    /// In no particular order.
    @inlinable package var values: some Sequence<Element> { objects.lazy.compactMap { $0 } }

    /// The object with that key. What is put in must have it; nil takes it out.
    @inlinable
    package subscript(key: Key) -> Element? {
        get { place(of: key, hash: key.hashValue).map { objects[$0] } ?? nil }
        set {
            let hash = key.hashValue
            let place = place(of: key, hash: hash)
            switch (newValue, place) {
            case (let element?, let place?): objects[place] = element
            case (let element?, nil):
                if used >= tags.count / 4 * 3 { rebuild() }
                add(element, hash: hash)
            case (nil, let place?): clear(place)
            case (nil, nil): break
            }
        }
    }

    @inlinable
    func place(of key: Key, hash: Int) -> Int? {
        guard held > 0 else { return nil }
        let (tag, mask) = (Self.tag(hash), tags.count - 1)
        var at = hash & mask
        while tags[at] != 0 {
            if tags[at] == tag, let object = objects[at], Keying.key(of: object) == key { return at }
            at = (at + 1) & mask
        }
        return nil
    }

    /// There is room, and no object with that key.
    @inlinable
    mutating func add(_ element: Element, hash: Int) {
        let mask = tags.count - 1
        var at = hash & mask
        while tags[at] > 1 { at = (at + 1) & mask }
        if tags[at] == 0 { used += 1 }
        tags[at] = Self.tag(hash)
        objects[at] = element
        held += 1
    }

    @inlinable
    mutating func clear(_ place: Int) {
        objects[place] = nil
        held -= 1
        // Nobody's search went on from here when the next place was never used.
        let isEnd = tags[(place + 1) & (tags.count - 1)] == 0
        tags[place] = isEnd ? 0 : 1
        if isEnd { used -= 1 }
    }

    /// Makes room, or tidies up: afterwards at most half of the places are taken.
    @inlinable
    mutating func rebuild() {
        var capacity = 16
        while capacity < (held + 1) * 2 { capacity *= 2 }
        let old = objects
        objects = ContiguousArray(repeating: nil, count: capacity)
        tags = ContiguousArray(repeating: 0, count: capacity)
        (held, used) = (0, 0)
        for case let element? in old { add(element, hash: Keying.key(of: element).hashValue) }
    }

    @inlinable
    static func tag(_ hash: Int) -> UInt8 { UInt8(truncatingIfNeeded: hash >> 56) | 0x80 }
}
