// Stores the new events of a batch, sixteen in one statement: each run of a statement opens the table and its index anew. Sixteen at once
// took a third off the lane's time for an event.

import MillstreamJSON
import MillstreamJournal

final class NewEvents {
    /// Places in the present batch, of events that are not stored yet; up to `rowsAtOnce`.
    private var waiting: [Int] = []
    private let appendEvent: Statement
    /// The same for `rowsAtOnce` events.
    private let appendEvents: Statement
    private let appendPublication: Statement

    private static let rowsAtOnce = 16

    init(_ connection: Connection) throws(JournalError) {
        appendEvent = try connection.statement(
            "INSERT INTO events (ref, seq, name, data, time) VALUES (?1, ?2, ?3, ?4, ?5)")
        appendEvents = try connection.statement(
            // FAIL: the store rolls the whole batch back anyway (only inside a transaction, as every batch is, does that hold). With the usual ABORT the statement alone could be taken back, for which
            // SQLite copies each page that it touches.
            "INSERT OR FAIL INTO events (ref, seq, name, data, time) VALUES "
                + [String](repeating: "(?, ?, ?, ?, ?)", count: Self.rowsAtOnce).joined(separator: ", "))
        appendPublication = try connection.statement(
            "INSERT INTO publications (ref, attempt, sequence, seq) VALUES (?1, ?2, ?3, ?4)")
    }

    var areFull: Bool { waiting.count == Self.rowsAtOnce }

    /// The event at this place of the batch is stored with those that come, at the next ``store(_:)``.
    func wait(_ index: Int) { waiting.append(index) }

    /// A new batch begins; a fault may have left some of the last.
    func forget() { waiting.removeAll(keepingCapacity: true) }

    /// Stores what waits, in its order; how many they were.
    func store(_ batch: [JournalMutation]) throws(JournalError) -> Int64 {
        if areFull {
            try storeTogether(batch)
        } else {
            for index in waiting {
                guard case .append(let ref, let event, let publication) = batch[index] else { continue }
                try append(event, to: ref, as: publication)
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

    private func storeTogether(_ batch: [JournalMutation]) throws(JournalError) {
        try appendEvents.run(pinning: waiting.indices, columns: 5) { row, column in
            guard case .append(let ref, let event, _) = batch[waiting[row]] else { return nil }
            appendEvents.bind(column, ref)
            appendEvents.bind(column + 1, event.sequence)
            appendEvents.bind(column + 4, event.time)
            return (column + 2, event.name, column + 3, event.data.bytes)
        }
        for index in waiting {
            guard case .append(let ref, let event, .some(let publication)) = batch[index] else { continue }
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
