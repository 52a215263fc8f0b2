// Stores the new events of a batch, up to sixteen in one statement: each run of a statement opens the table and its index anew. Sixteen at
// once took a third off the lane's time for an event.

import MillstreamJSON
import MillstreamJournal

final class NewEvents {
    private struct Group {
        let count: Int
        let events: Statement
    }

    /// Places in the present batch, of events that are not stored yet; up to `maxRows`.
    private var waiting: [Int] = []
    private let appendEvent: Statement
    /// The same for several events: the largest first, two rows last.
    private var groups: [Group] = []
    private let appendPublication: Statement

    private static let maxRows = 16

    init(_ connection: Connection) throws(JournalError) {
        appendEvent = try connection.statement(
            "INSERT INTO events (ref, seq, name, data, time) VALUES (?1, ?2, ?3, ?4, ?5)")
        appendPublication = try connection.statement(
            "INSERT INTO publications (ref, attempt, sequence, seq) VALUES (?1, ?2, ?3, ?4)")
        for count in [Self.maxRows, 8, 4, 2] {
            groups.append(Group(count: count, events: try connection.statement(Self.insert(count: count))))
        }
    }

    /// FAIL: the store rolls the whole batch back anyway (only inside a transaction, as every batch is, does that hold). With the usual
    /// ABORT the statement alone could be taken back, for which SQLite copies each page that it touches.
    private static func insert(count: Int) -> String {
        "INSERT OR FAIL INTO events (ref, seq, name, data, time) VALUES "
            + [String](repeating: "(?, ?, ?, ?, ?)", count: count).joined(separator: ", ")
    }

    var areFull: Bool { waiting.count == Self.maxRows }

    /// The event at this place of the batch is stored with those that come, at the next ``store(_:)``.
    func wait(_ index: Int) { waiting.append(index) }

    /// A new batch begins; a fault may have left some of the last.
    func forget() { waiting.removeAll(keepingCapacity: true) }

    /// Stores what waits, in its order; how many they were.
    func store(_ batch: [JournalMutation]) throws(JournalError) -> Int64 {
        var stored = 0
        while stored < waiting.count {
            let rest = waiting.count - stored
            if let group = groups.first(where: { $0.count <= rest }) {
                try store(stored..<stored + group.count, of: batch, group.events)
                stored += group.count
            } else {
                if case .append(let ref, let event, let publication) = batch[waiting[stored]] {
                    try append(event, to: ref, as: publication)
                }
                stored += 1
            }
        }
        let count = Int64(waiting.count)
        forget()
        return count
    }

    private func append(
        _ event: EventRecord, to ref: LogRef, as publication: Publication?
    ) throws(JournalError) {
        appendEvent.bind(1, ref)
        appendEvent.bind(2, event.sequence)
        appendEvent.bind(5, event.time)
        try appendEvent.run(binding: 3, event.name, 4, event.data.bytes)
        if let publication { try put(publication, of: event, in: ref) }
    }

    /// - Parameter places: in `waiting`.
    private func store(
        _ places: Range<Int>, of batch: [JournalMutation], _ events: Statement
    ) throws(JournalError) {
        try events.run(pinning: places, columns: 5) { place, column in
            guard case .append(let ref, let event, _) = batch[waiting[place]] else { return nil }
            events.bind(column, ref)
            events.bind(column + 1, event.sequence)
            events.bind(column + 4, event.time)
            return (column + 2, event.name, column + 3, event.data.bytes)
        }
        for place in places {
            guard case .append(let ref, let event, .some(let publication)) = batch[waiting[place]] else { continue }
            try put(publication, of: event, in: ref)
        }
    }

    private func put(_ publication: Publication, of event: EventRecord, in ref: LogRef) throws(JournalError) {
        appendPublication.bind(1, ref)
        appendPublication.bind(2, Int64(publication.attempt))
        appendPublication.bind(3, publication.sequence)
        appendPublication.bind(4, event.sequence)
        try appendPublication.run()
    }
}
