// One line of the log, as text or as JSON. A value. Whatever a peer got into it, it stays one line, is bounded, and
// shows no token.

import Glibc
import Logging
import MillstreamJSON
import MillstreamJournal

/// An event that is about to be written.
struct LogLine {
    /// Longer messages and values are cut here, in bytes.
    static let maxValueBytes = 4096
    static let maxFields = 64
    static let maxDepth = 4

    let time: Timestamp
    let level: Logger.Level
    let message: String
    let fields: Logger.Metadata

    private static let ownNames: Set<String> = ["time", "level", "message"]

    /// `TIME LEVEL message name=value …` with a line feed.
    var text: [UInt8] {
        var line = "\(time) \(Self.padded(level)) " + Self.oneLine(clean(message))
        for (name, value) in sortedFields {
            line += " \(Self.oneLine(name))=" + Self.quotedIfNeeded(clean(flat(value, named: name)))
        }
        return Array(line.utf8) + [0x0A]
    }

    /// One JSON object with a line feed; the fields are members of it.
    var json: [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.member("time", time.description)
        writer.member("level", level.rawValue)
        writer.member("message", clean(message))
        for (name, value) in sortedFields {
            writer.name(Self.ownNames.contains(name) ? name + "_" : name)
            write(value, named: name, depth: 0, to: &writer)
        }
        writer.endObject()
        return writer.finish().bytes + [0x0A]
    }

    /// The wall clock.
    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    // MARK: Values

    /// What an operator looks for first stands first.
    private var sortedFields: [(key: String, value: Logger.MetadataValue)] {
        let first = ["request_id", "job"]
        let sorted = fields.sorted { one, other in
            let ranks = (first.firstIndex(of: one.key) ?? first.count, first.firstIndex(of: other.key) ?? first.count)
            return ranks.0 != ranks.1 ? ranks.0 < ranks.1 : one.key < other.key
        }
        return Array(sorted.prefix(Self.maxFields))
    }

    private func write(
        _ value: Logger.MetadataValue, named name: String, depth: Int, to writer: inout JSONWriter
    ) {
        guard !Redaction.isSecret(name: name), depth < Self.maxDepth else {
            writer.string(depth < Self.maxDepth ? Redaction.mark : "…")
            return
        }
        switch value {
        case .string(let text): writer.string(clean(text))
        case .stringConvertible(let value): writer.string(clean("\(value)"))
        case .array(let values):
            writer.beginArray()
            for value in values.prefix(Self.maxFields) { write(value, named: name, depth: depth + 1, to: &writer) }
            writer.endArray()
        case .dictionary(let values):
            writer.beginObject()
            for (key, value) in values.sorted(by: { $0.key < $1.key }).prefix(Self.maxFields) {
                writer.name(key)
                write(value, named: key, depth: depth + 1, to: &writer)
            }
            writer.endObject()
        }
    }

    private func flat(_ value: Logger.MetadataValue, named name: String) -> String {
        if Redaction.isSecret(name: name) { return Redaction.mark }
        switch value {
        case .string(let text): return text
        case .stringConvertible(let value): return "\(value)"
        case .array, .dictionary:
            var writer = JSONWriter()
            write(value, named: name, depth: 0, to: &writer)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    private func clean(_ text: String) -> String {
        guard text.utf8.count > Self.maxValueBytes else { return Redaction.redacted(text) }
        // Cut first: what is cut off needs no search, and a cut token is still found by its beginning.
        return Redaction.redacted(String(decoding: text.utf8.prefix(Self.maxValueBytes), as: UTF8.self)) + "…"
    }

    // MARK: Text form

    private static func padded(_ level: Logger.Level) -> String {
        level.rawValue + String(repeating: " ", count: max(0, 8 - level.rawValue.utf8.count))
    }

    private static func quotedIfNeeded(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
        guard !isPlain else { return oneLine(value) }
        return "\"" + oneLine(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")) + "\""
    }

    /// Control characters, escape sequences of terminals among them, and Unicode's line separators are shown, not sent.
    private static func oneLine(_ text: String) -> String {
        let isOdd: (Unicode.Scalar) -> Bool = {
            $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x2028 || $0.value == 0x2029
        }
        guard text.unicodeScalars.contains(where: isOdd) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isOdd(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
