// Objects by a key that they know themselves: a hash table of nothing but references, because there are several with a place for each
// live job. A dictionary holds the key once more: three to four times the memory. A plain value for one thread at a time.
//
// Public, because what has the access `package` is not specialized in another module, `@inlinable` or not: each look-up then asked
// the runtime for the metadata of its types, and took four times as long.

/// How a table finds its objects.
public protocol TableKeying {
    /// What an object is looked up by.
    associatedtype Key: Hashable
    /// What the table holds.
    associatedtype Element: AnyObject
    /// Never changes while the object is in a table.
    static func key(of element: Element) -> Key
}

/// An open table with linear probing. A byte beside each place tells nearly all strangers apart without a look at the object, which
/// is likely to be cold. Who leaves is followed by those behind him, so that a table that only changes is never rebuilt.
@frozen
public struct ObjectTable<Keying: TableKeying> {
    /// What an object is looked up by.
    public typealias Key = Keying.Key
    /// What the table holds, once each.
    public typealias Element = Keying.Element

    @usableFromInline var objects: ContiguousArray<Element?> = []
    /// For each place: 0 when it is free, else the highest bit, how far from its home the object is (three bits, `farAway` and more
    /// as `farAway`), and four bits of its key's hash.
    @usableFromInline var tags: ContiguousArray<UInt8> = []
    @usableFromInline var held = 0

    @usableFromInline static var minCapacity: Int { 16 }
    /// Up to here, 18 KiB, a table that got empty keeps its places: batches of jobs that come and go would build it anew each time.
    @usableFromInline static var keptCapacity: Int { 2048 }
    @usableFromInline static var farAway: Int { 7 }

    /// An empty table, without memory of its own.
    @inlinable
    public init() {}

    /// How many objects it holds.
    @inlinable public var count: Int { held }
    /// Whether it holds none.
    @inlinable public var isEmpty: Bool { held == 0 }

    /// In no particular order.
    @inlinable public var values: some Sequence<Element> { objects.lazy.compactMap { $0 } }

    /// The object with that key. What is put in must have it; nil takes it out.
    @inlinable
    public subscript(key: Key) -> Element? {
        get { place(of: key, hash: key.hashValue).map { objects[$0] } ?? nil }
        set {
            let hash = key.hashValue
            let place = place(of: key, hash: hash)
            switch (newValue, place) {
            case (let element?, let place?): objects[place] = element
            case (let element?, nil):
                if held >= tags.count / 4 * 3 { rebuild(capacity: max(Self.minCapacity, tags.count * 2)) }
                add(element, hash: hash)
            case (nil, let place?):
                clear(place)
                if held < tags.count / 8, tags.count > Self.keptCapacity { rebuild(capacity: tags.count / 2) }
            case (nil, nil): break
            }
        }
    }

    @inlinable
    func place(of key: Key, hash: Int) -> Int? {
        guard held > 0 else { return nil }
        let mask = tags.count - 1
        var at = hash & mask
        var distance = 0
        while tags[at] != 0 {
            if tags[at] == Self.tag(hash, distance), let object = objects[at], Keying.key(of: object) == key {
                return at
            }
            at = (at + 1) & mask
            distance += 1
        }
        return nil
    }

    /// There is room, and no object with that key.
    @inlinable
    mutating func add(_ element: Element, hash: Int) {
        let mask = tags.count - 1
        var at = hash & mask
        var distance = 0
        while tags[at] != 0 {
            at = (at + 1) & mask
            distance += 1
        }
        tags[at] = Self.tag(hash, distance)
        objects[at] = element
        held += 1
    }

    /// Whose search went over this place comes nearer to its home instead (Knuth, The Art of Computer Programming 3, 6.4, algorithm R).
    @inlinable
    mutating func clear(_ place: Int) {
        let mask = tags.count - 1
        var hole = place
        var at = (place + 1) & mask
        while tags[at] != 0 {
            let gap = (at - hole) & mask
            let distance = distance(at: at)
            if distance >= gap {
                objects.swapAt(hole, at)
                tags[hole] = tags[at] & 0x8F | UInt8(min(distance - gap, Self.farAway)) << 4
                hole = at
            }
            at = (at + 1) & mask
        }
        tags[hole] = 0
        objects[hole] = nil
        held -= 1
    }

    /// Of a place that is taken: how far it is from its object's home.
    @inlinable
    func distance(at place: Int) -> Int {
        let distance = Int(tags[place] >> 4 & 7)
        guard distance == Self.farAway, let object = objects[place] else { return distance }
        return (place &- Keying.key(of: object).hashValue) & (tags.count - 1)
    }

    @inlinable
    mutating func rebuild(capacity: Int) {
        let old = objects
        objects = ContiguousArray(repeating: nil, count: capacity)
        tags = ContiguousArray(repeating: 0, count: capacity)
        held = 0
        for case let element? in old { add(element, hash: Keying.key(of: element).hashValue) }
    }

    @inlinable
    static func tag(_ hash: Int, _ distance: Int) -> UInt8 {
        0x80 | UInt8(min(distance, farAway)) << 4 | UInt8(truncatingIfNeeded: hash >> 60) & 0xF
    }
}
