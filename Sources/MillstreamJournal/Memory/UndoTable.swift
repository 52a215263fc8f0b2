// A dictionary that can go back to where the batch began. A plain value inside the memory store's lock.

struct UndoTable<Key: Hashable & Sendable, Row: Sendable>: Sendable {
    private(set) var rows: [Key: Row] = [:]
    private var before: [(key: Key, row: Row?)] = []

    subscript(key: Key) -> Row? {
        get { rows[key] }
        set {
            before.append((key, rows[key]))
            rows[key] = newValue
        }
    }

    /// Keeps what the batch changed.
    mutating func keep() {
        before.removeAll(keepingCapacity: before.count <= 4096)
    }

    /// Undoes what the batch changed, newest first. `undone` gets each row that goes and the one that comes back.
    mutating func undo(_ undone: (_ key: Key, _ gone: Row?, _ back: Row?) -> Void = { _, _, _ in }) {
        while let (key, row) = before.popLast() {
            undone(key, rows[key], row)
            rows[key] = row
        }
    }
}
