// The events that are the server's own and no part of a log: status, gap, closing. Pure functions, golden bytes in the tests.

import MillstreamJSON
import MillstreamJournal
import MillstreamSSE

/// Texts of the unnumbered events.
public enum ServerEvents {
    /// Why a reader did not get events.
    public enum GapReason: String, Hashable, Sendable {
        case retention
        case slowReader = "slow_reader"
        case epoch
    }

    /// `status` with the job object. `source` is given on streams of several logs and becomes the object's first member.
    public static func status(snapshot: [UInt8], source: LogName? = nil, retryMs: Int) -> [UInt8] {
        encode("status", source.map { splice($0, into: snapshot) } ?? snapshot, retryMs: retryMs)
    }

    /// `gap`: the first and last lost id, inclusive; for reason epoch the reader's cursor and nil.
    public static func gap(from: String, to: String?, reason: GapReason, source: LogName? = nil) -> [UInt8] {
        var writer = JSONWriter(reserving: 128)
        writer.beginObject()
        if let source { writer.member("source", source.description) }
        writer.member("from", from)
        writer.member("to", to)
        writer.member("reason", reason.rawValue)
        writer.endObject()
        return encode("gap", writer.finish().bytes, retryMs: nil)
    }

    /// `closing`: the last event of a stream that the server ends. `retryMs` comes out of a spread.
    public static func closing(reason: ClosingReason, retryMs: Int) -> [UInt8] {
        var writer = JSONWriter(reserving: 64)
        writer.beginObject()
        writer.member("reason", reason.rawValue)
        writer.member("retry_ms", max(0, retryMs))
        writer.endObject()
        return encode("closing", writer.finish().bytes, retryMs: retryMs)
    }

    private static func encode(_ name: String, _ data: [UInt8], retryMs: Int?) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(data.count + 64)
        do {
            try SSEEncoder.appendEvent(id: nil, name: name, data: data, retryMs: retryMs.map { max(0, $0) }, to: &text)
        } catch {
            preconditionFailure("the names above are valid")
        }
        return text
    }

    /// Puts `"source":"job:ID"` before the members of an object. Names hold nothing that JSON would escape.
    private static func splice(_ source: LogName, into object: [UInt8]) -> [UInt8] {
        guard object.count >= 2, object[0] == UInt8(ascii: "{") else { return object }
        let member = "{\"source\":\"\(source.description)\"" + (object[1] == UInt8(ascii: "}") ? "" : ",")
        return Array(member.utf8) + object[1...]
    }
}
