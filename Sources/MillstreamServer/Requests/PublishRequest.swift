// The bodies of `POST …/events`: one event as JSON, or many as NDJSON, all or none.

import MillstreamJSON
import MillstreamJobs
import MillstreamJournal

enum PublishRequest {
    static let maxEvents = 10_000

    static func parse(
        _ body: [UInt8], isNDJSON: Bool, toChannel: Bool, maxEventBytes: Int
    ) throws(Problem) -> [DraftEvent] {
        guard isNDJSON else {
            return [try event(try JSONBody.parse(body), prefix: "", toChannel: toChannel, maxEventBytes: maxEventBytes)]
        }
        var events: [DraftEvent] = []
        var lineNumber = 0
        for line in body.split(separator: 0x0A, omittingEmptySubsequences: false) {
            lineNumber += 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            let prefix = "line \(lineNumber): "
            let text: JSONText
            do throws(JSONSyntaxError) {
                text = try JSONText(validating: line)
            } catch {
                throw Problem(.malformedJSON, "\(prefix)at byte \(error.offset): \(error.reason)")
            }
            guard events.count < maxEvents else { throw Problem(.contentTooLarge, "more than \(maxEvents) events") }
            events.append(try event(text, prefix: prefix, toChannel: toChannel, maxEventBytes: maxEventBytes))
        }
        guard !events.isEmpty else { throw Problem(.malformedJSON, "the body holds no event") }
        return events
    }

    private static func event(
        _ text: JSONText, prefix: String, toChannel: Bool, maxEventBytes: Int
    ) throws(Problem) -> DraftEvent {
        var fields = try FieldReader(text, prefix: prefix)
        let name = fields.string("event")
        if name == nil, fields.value("event").map(\.isNull) ?? true { fields.missing("event") }
        var event = DraftEvent(name: name ?? "", data: fields.value("data") ?? .null)
        if let name, !EventName.isValid(name) {
            fields.refuse("event", "must be 1 to 64 characters out of A-Z a-z 0-9 _ . : -")
        }
        let attempt = fields.integer("attempt")
        let sequence = fields.integer("sequence")
        if let attempt, attempt < 1 { fields.refuse("attempt", "must be at least 1") }
        if let sequence, sequence < 1 { fields.refuse("sequence", "must be at least 1") }
        if sequence != nil, attempt == nil, !toChannel { fields.refuse("sequence", "needs attempt beside it") }
        if event.data.bytes.count > maxEventBytes {
            fields.refuse("data", "must be at most \(maxEventBytes) bytes", by: .eventBytes)
        }
        try fields.finish()
        if toChannel, attempt != nil || sequence != nil {
            throw Problem(.channelFencing, prefix + "attempt and sequence are for jobs")
        }
        if let name, EventName.isReserved(name) {
            var problem = Problem(LedgerRefusal.reservedEventName(name))
            problem.detail = prefix + problem.detail
            throw problem
        }
        event.attempt = attempt
        event.sequence = sequence.map(Int64.init)
        return event
    }
}
