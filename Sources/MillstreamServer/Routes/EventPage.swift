// One page of a job's log as JSON: the view for clients that poll. Pure: from cursor and head to what to read, and from what was read
// to the body.

import MillstreamJSON
import MillstreamJournal

struct EventPage {
    let record: JobRecord
    /// Events with a higher number are shown.
    let after: Int64
    /// What the reader's cursor has lost, already rendered.
    let gap: JSONText?
    /// Whether the cursor names nothing in this log. A page has room for one gap: of a log that has lost its begin as well, the page
    /// after this one tells that, and shows the events.
    private let isForeign: Bool

    /// Where a poller says it stands: `?after=`.
    enum Cursor: Equatable {
        case event(EventID)
        /// A number of the present epoch.
        case sequence(Int64)

        /// Nil is the beginning, and so is an empty text.
        static func parse(_ text: String?) throws(Problem) -> Cursor? {
            guard let text, !text.isEmpty else { return nil }
            if (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                return .sequence(Int64(text) ?? 0)
            }
            guard let id = EventID(text) else {
                throw .field(.malformedCursor, "after", "is neither an event's id nor a number")
            }
            return .event(id)
        }
    }

    init(of record: JobRecord, cursor: Cursor?) {
        self.record = record
        let id: EventID
        switch cursor {
        case nil:
            (after, gap) = Self.skipTrimmed(0, record)
            isForeign = false
            return
        case .event(let given): id = given
        case .sequence(let number): id = EventID(epoch: record.epoch, sequence: number)
        }
        isForeign = id.epoch != record.epoch || id.sequence > record.lastSequence
        if !isForeign {
            (after, gap) = Self.skipTrimmed(id.sequence, record)
        } else {
            after = 0
            gap = Self.gap(from: id.description, to: nil, reason: "epoch")
        }
    }

    private static func skipTrimmed(_ after: Int64, _ record: JobRecord) -> (Int64, JSONText?) {
        guard after < record.trimmedThrough else { return (after, nil) }
        let first = EventID(epoch: record.epoch, sequence: after + 1).description
        let last = EventID(epoch: record.epoch, sequence: record.trimmedThrough).description
        return (record.trimmedThrough, gap(from: first, to: last, reason: "retention"))
    }

    private static func gap(from: String, to: String?, reason: String) -> JSONText {
        .object { writer in
            writer.member("from", from)
            writer.member("to", to)
            writer.member("reason", reason)
        }
    }

    /// `found` and `head` are as they were read together.
    func body(_ found: [EventRecord], head: JobRecord) -> [UInt8] {
        let events = isForeign && head.trimmedThrough > 0 ? [] : found
        var writer = JSONWriter(reserving: 256 + events.reduce(0) { $0 + 128 + $1.data.bytes.count })
        writer.beginObject()
        writer.name("events")
        writer.beginArray()
        for event in events {
            writer.beginObject()
            writer.member("id", EventID(epoch: head.epoch, sequence: event.sequence).description)
            writer.member("seq", event.sequence)
            writer.member("event", event.name)
            writer.member("data", event.data)
            writer.member("time", event.time.description)
            writer.endObject()
        }
        writer.endArray()
        let last = events.last?.sequence ?? after
        let isOver = head.state.isTerminal && last >= head.lastSequence
        writer.member("next", isOver ? nil : EventID(epoch: head.epoch, sequence: last).description)
        writer.member("state", head.state.word)
        writer.member("gap", gap)
        writer.endObject()
        return writer.finish().bytes
    }
}
