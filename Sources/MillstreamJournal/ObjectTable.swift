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

/// An open table with linear probing. Beside each place lies its object's hash: it tells strangers apart without a look at the object,
/// which is likely to be cold, and a table that grows asks none for its key. Who leaves is followed by those behind him, so that a table
/// that only changes is never rebuilt.
@frozen
public struct ObjectTable<Keying: TableKeying> {
    /// What an object is looked up by.
    public typealias Key = Keying.Key
    /// What the table holds, once each.
    public typealias Element = Keying.Element

    @usableFromInline var objects: ContiguousArray<Element?> = []
    /// For each place: 0 when it is free, else its object's hash with the highest bit set.
    @usableFromInline var hashes: ContiguousArray<UInt32> = []
    @usableFromInline var held = 0

    @usableFromInline static var minCapacity: Int { 16 }
    /// Up to here, 24 KiB, a table that got empty keeps its places: batches of jobs that come and go would build it anew each time.
    @usableFromInline static var keptCapacity: Int { 2048 }

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
        get { held == 0 ? nil : place(of: key, hash: Self.hash(key)).map { objects[$0] } ?? nil }
        set {
            let hash = Self.hash(key)
            let place = place(of: key, hash: hash)
            switch (newValue, place) {
            case (let element?, let place?): objects[place] = element
            case (let element?, nil):
                if held >= hashes.count / 4 * 3 { rebuild(capacity: max(Self.minCapacity, hashes.count * 2)) }
                add(element, hash: hash)
            case (nil, let place?):
                clear(place)
                if held < hashes.count / 8, hashes.count > Self.keptCapacity { rebuild(capacity: hashes.count / 2) }
            case (nil, nil): break
            }
        }
    }

    @inlinable
    static func hash(_ key: Key) -> UInt32 {
        UInt32(truncatingIfNeeded: key.hashValue) | 1 << 31
    }

    @inlinable
    func place(of key: Key, hash: UInt32) -> Int? {
        guard held > 0 else { return nil }
        let mask = hashes.count - 1
        var at = Int(hash) & mask
        while hashes[at] != 0 {
            if hashes[at] == hash, let object = objects[at], Keying.key(of: object) == key { return at }
            at = (at + 1) & mask
        }
        return nil
    }

    /// There is room, and no object with that key.
    @inlinable
    mutating func add(_ element: Element, hash: UInt32) {
        let mask = hashes.count - 1
        var at = Int(hash) & mask
        while hashes[at] != 0 { at = (at + 1) & mask }
        hashes[at] = hash
        objects[at] = element
        held += 1
    }

    /// Whose search went over this place comes nearer to its home instead (Knuth, The Art of Computer Programming 3, 6.4, algorithm R).
    @inlinable
    mutating func clear(_ place: Int) {
        let mask = hashes.count - 1
        var hole = place
        var at = (place + 1) & mask
        while hashes[at] != 0 {
            let distance = (at &- Int(hashes[at])) & mask
            if distance >= (at - hole) & mask {
                objects.swapAt(hole, at)
                hashes[hole] = hashes[at]
                hole = at
            }
            at = (at + 1) & mask
        }
        hashes[hole] = 0
        objects[hole] = nil
        held -= 1
    }

    @inlinable
    mutating func rebuild(capacity: Int) {
        var old = ObjectTable()
        swap(&self, &old)
        objects = ContiguousArray(repeating: nil, count: capacity)
        hashes = ContiguousArray(repeating: 0, count: capacity)
        let mask = capacity - 1
        for place in old.hashes.indices where old.hashes[place] != 0 {
            var at = Int(old.hashes[place]) & mask
            while hashes[at] != 0 { at = (at + 1) & mask }
            hashes[at] = old.hashes[place]
            // Changes places, so that no reference is counted.
            swap(&objects[at], &old.objects[place])
        }
        held = old.held
    }
}
