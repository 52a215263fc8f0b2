// The queue of one kind: who starts next, and who has how many before him. A value; the ledger holds one per kind on the journal
// lane, and the directory mirrors it on the loop. It knows nothing of jobs but their place.
//
// A treap with subtree counts in one flat array: insertion, removal and position are O(log n) for any place, which an array per
// priority is not once a hundred thousand jobs wait and one in the middle is cancelled.

import MillstreamJournal

/// A place in a queue: higher priority first, then lower order. No two jobs share one.
struct QueueKey: Hashable, Sendable, Comparable {
    var priority: Int
    var order: Int64

    static func < (one: QueueKey, other: QueueKey) -> Bool {
        one.priority != other.priority ? one.priority > other.priority : one.order < other.order
    }
}

/// Jobs in the order in which they start.
struct ReadyQueue: Sendable {
    private typealias Index = Int32
    private static let none: Index = -1

    private struct Node {
        var key: QueueKey
        var ref: LogRef
        var weight: UInt32
        var left: Index
        var right: Index
        var count: Int32
    }

    private var nodes: ContiguousArray<Node> = []
    private var free: ContiguousArray<Index> = []
    private var root = ReadyQueue.none
    private var weights: UInt32 = 0x9E37_79B9

    init() {}

    var count: Int { Int(size(root)) }
    var isEmpty: Bool { root == Self.none }

    /// The job that starts next.
    var first: LogRef? {
        guard root != Self.none else { return nil }
        var at = root
        while nodes[Int(at)].left != Self.none { at = nodes[Int(at)].left }
        return nodes[Int(at)].ref
    }

    /// Takes the job in at its place. A key that is there already is the caller's mistake.
    mutating func insert(_ ref: LogRef, at key: QueueKey) {
        let node = makeNode(key, ref)
        let (before, after) = split(root, at: key)
        root = merge(merge(before, node), after)
    }

    /// Takes the job out; false when nobody has that place.
    @discardableResult
    mutating func remove(_ key: QueueKey) -> Bool {
        guard position(of: key) != nil else { return false }
        root = removing(key, from: root)
        return true
    }

    /// 1 for the next to start; nil when nobody has that place.
    func position(of key: QueueKey) -> Int? {
        var at = root
        var before = 0
        while at != Self.none {
            let node = nodes[Int(at)]
            if node.key == key { return before + Int(size(node.left)) + 1 }
            if key < node.key {
                at = node.left
            } else {
                before += Int(size(node.left)) + 1
                at = node.right
            }
        }
        return nil
    }

    /// All jobs, next first: for tests and dumps.
    var refs: [LogRef] {
        var found: [LogRef] = []
        var path: [Index] = []
        var at = root
        while at != Self.none || !path.isEmpty {
            while at != Self.none {
                path.append(at)
                at = nodes[Int(at)].left
            }
            let top = path.removeLast()
            found.append(nodes[Int(top)].ref)
            at = nodes[Int(top)].right
        }
        return found
    }

    // MARK: The tree

    private func size(_ at: Index) -> Int32 { at == Self.none ? 0 : nodes[Int(at)].count }

    private mutating func makeNode(_ key: QueueKey, _ ref: LogRef) -> Index {
        // xorshift32: the tree's shape decides speed only, never an order.
        weights ^= weights << 13
        weights ^= weights >> 17
        weights ^= weights << 5
        let node = Node(key: key, ref: ref, weight: weights, left: Self.none, right: Self.none, count: 1)
        if let at = free.popLast() {
            nodes[Int(at)] = node
            return at
        }
        nodes.append(node)
        return Index(nodes.count - 1)
    }

    private mutating func recount(_ at: Index) {
        nodes[Int(at)].count = size(nodes[Int(at)].left) + size(nodes[Int(at)].right) + 1
    }

    /// Those before the key, and the others.
    private mutating func split(_ at: Index, at key: QueueKey) -> (Index, Index) {
        guard at != Self.none else { return (Self.none, Self.none) }
        if nodes[Int(at)].key < key {
            let (before, after) = split(nodes[Int(at)].right, at: key)
            nodes[Int(at)].right = before
            recount(at)
            return (at, after)
        }
        let (before, after) = split(nodes[Int(at)].left, at: key)
        nodes[Int(at)].left = after
        recount(at)
        return (before, at)
    }

    private mutating func merge(_ one: Index, _ other: Index) -> Index {
        guard one != Self.none else { return other }
        guard other != Self.none else { return one }
        if nodes[Int(one)].weight > nodes[Int(other)].weight {
            nodes[Int(one)].right = merge(nodes[Int(one)].right, other)
            recount(one)
            return one
        }
        nodes[Int(other)].left = merge(one, nodes[Int(other)].left)
        recount(other)
        return other
    }

    private mutating func removing(_ key: QueueKey, from at: Index) -> Index {
        guard at != Self.none else { return at }
        if nodes[Int(at)].key == key {
            free.append(at)
            return merge(nodes[Int(at)].left, nodes[Int(at)].right)
        }
        if key < nodes[Int(at)].key {
            nodes[Int(at)].left = removing(key, from: nodes[Int(at)].left)
        } else {
            nodes[Int(at)].right = removing(key, from: nodes[Int(at)].right)
        }
        recount(at)
        return at
    }
}
