// The jobs of the memory store, with the names and the lists that follow from them: no row changes without these, neither in a batch
// nor when a batch is undone. A plain value inside the memory store's lock.

struct MemoryJobs: Sendable {
    private var rows = UndoTable<LogRef, JobRecord>()
    private(set) var byteCount = 0

    // Follow from the rows.
    private(set) var refs = SortedKeys<LogRef>()
    private(set) var live = SortedKeys<LogRef>()
    private(set) var finished = SortedKeys<TimedKey<LogRef>>()
    private var refsByID: [JobID: LogRef] = [:]

    subscript(ref: LogRef) -> JobRecord? {
        get { rows[ref] }
        set {
            follow(rows[ref], newValue)
            rows[ref] = newValue
        }
    }

    var count: Int { rows.rows.count }

    func ref(of id: JobID) -> LogRef? { refsByID[id] }

    private mutating func follow(_ old: JobRecord?, _ new: JobRecord?) {
        if let old {
            byteCount -= MemoryCost.of(old)
            if new == nil { refs.remove(old.ref) }
            if new?.state.isTerminal ?? true { live.remove(old.ref) }
            if let time = old.timeOfEnd { finished.remove(TimedKey(time: time, name: old.ref)) }
            if refsByID[old.id] == old.ref { refsByID[old.id] = nil }
        }
        if let new {
            byteCount += MemoryCost.of(new)
            if old == nil { refs.insert(new.ref) }
            if !new.state.isTerminal { live.insert(new.ref) }
            if let time = new.timeOfEnd { finished.insert(TimedKey(time: time, name: new.ref)) }
            refsByID[new.id] = new.ref
        }
    }

    // MARK: The end of a batch

    mutating func keep() { rows.keep() }

    /// What a batch put under an id is undone before what it took from that id, so the ids end where they began.
    mutating func undo() {
        // Taken out meanwhile, because what follows from them changes beside them.
        var undone = UndoTable<LogRef, JobRecord>()
        swap(&undone, &rows)
        undone.undo { _, gone, back in follow(gone, back) }
        rows = undone
    }
}

extension JobRecord {
    fileprivate var timeOfEnd: Timestamp? { state.isTerminal ? finishedAt : nil }
}
