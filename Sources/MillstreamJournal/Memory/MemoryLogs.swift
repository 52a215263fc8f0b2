// The logs of the memory store with what grows beside them, and an undo list of their own: a log may be long, and copying it for
// each batch (as UndoTable would) costs more than the batch. A plain value inside the memory store's lock.

struct MemoryLog: Sendable {
    /// What retention has left, in order.
    var events: [EventRecord] = []
    /// Of all events, trimmed ones included.
    var publications: [Publication: Int64] = [:]
    var messages: [MessageRecord] = []

    var byteCount: Int {
        events.reduce(0) { $0 + MemoryCost.of($1) } + messages.reduce(0) { $0 + MemoryCost.of($1) }
            + publications.count * MemoryCost.publication
    }

    /// The place of the first event after a number.
    func index(after sequence: Int64) -> Int {
        events.firstIndexOfSorted { $0.sequence > sequence }
    }
}

struct MemoryLogs: Sendable {
    private enum Undo: Sendable {
        case event(LogRef)
        case publication(LogRef, Publication)
        case message(LogRef)
        case trim(LogRef, prefix: ArraySlice<EventRecord>)
        case remove(LogRef, MemoryLog)
    }

    private var logs: [LogRef: MemoryLog] = [:]
    private var undoList: [Undo] = []
    private(set) var eventCount: Int64 = 0
    private(set) var byteCount = 0

    subscript(ref: LogRef) -> MemoryLog { logs[ref] ?? MemoryLog() }

    /// False when the number is there already.
    mutating func append(_ event: EventRecord, to ref: LogRef) -> Bool {
        if let last = logs[ref]?.events.last, last.sequence >= event.sequence { return false }
        logs[ref, default: MemoryLog()].events.append(event)
        undoList.append(.event(ref))
        eventCount += 1
        byteCount += MemoryCost.of(event)
        return true
    }

    /// False when the worker's number is there already.
    mutating func put(_ publication: Publication, of sequence: Int64, in ref: LogRef) -> Bool {
        guard logs[ref]?.publications[publication] == nil else { return false }
        logs[ref, default: MemoryLog()].publications[publication] = sequence
        undoList.append(.publication(ref, publication))
        byteCount += MemoryCost.publication
        return true
    }

    /// False when the number is there already.
    mutating func append(_ message: MessageRecord, to ref: LogRef) -> Bool {
        if let last = logs[ref]?.messages.last, last.number >= message.number { return false }
        logs[ref, default: MemoryLog()].messages.append(message)
        undoList.append(.message(ref))
        byteCount += MemoryCost.of(message)
        return true
    }

    mutating func trim(_ ref: LogRef, through sequence: Int64) {
        guard let log = logs[ref] else { return }
        let end = log.index(after: sequence)
        guard end > 0 else { return }
        let prefix = log.events[..<end]
        logs[ref]?.events = Array(log.events[end...])
        undoList.append(.trim(ref, prefix: prefix))
        eventCount -= Int64(end)
        byteCount -= prefix.reduce(0) { $0 + MemoryCost.of($1) }
    }

    mutating func remove(_ ref: LogRef) {
        guard let log = logs.removeValue(forKey: ref) else { return }
        undoList.append(.remove(ref, log))
        eventCount -= Int64(log.events.count)
        byteCount -= log.byteCount
    }

    mutating func keep() {
        undoList.removeAll(keepingCapacity: undoList.count <= 4096)
    }

    mutating func undo() {
        while let step = undoList.popLast() {
            switch step {
            case .event(let ref):
                guard let event = logs[ref]?.events.popLast() else { continue }
                eventCount -= 1
                byteCount -= MemoryCost.of(event)
            case .publication(let ref, let publication):
                logs[ref]?.publications[publication] = nil
                byteCount -= MemoryCost.publication
            case .message(let ref):
                guard let message = logs[ref]?.messages.popLast() else { continue }
                byteCount -= MemoryCost.of(message)
            case .trim(let ref, let prefix):
                logs[ref, default: MemoryLog()].events.insert(contentsOf: prefix, at: 0)
                eventCount += Int64(prefix.count)
                byteCount += prefix.reduce(0) { $0 + MemoryCost.of($1) }
            case .remove(let ref, let log):
                logs[ref] = log
                eventCount += Int64(log.events.count)
                byteCount += log.byteCount
            }
        }
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first place where `isPast` holds, `endIndex` if there is none; it must hold at all later places too.
    func firstIndexOfSorted(where isPast: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isPast(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
